import type { Outcome } from './outcome.ts';
import type { Sandbox } from './sandbox.ts';

/** The sandboxes of one function, and those who wait for one in the order they came. */
export type Pool = {
  /** Rejects only when a sandbox cannot be started at all, or when the pool is closed. */
  readonly invoke: (event: string) => Promise<Outcome>;
  /** Takes no more invocations; resolves when every waiting and running one has come back and all threads are gone. */
  readonly drain: () => Promise<void>;
  /** Ends every thread at once. */
  readonly close: () => Promise<void>;
};

type Job = {
  readonly event: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: unknown) => void;
};

/** A pool of at most `size` sandboxes, each started when there is work that no idle one can take. `ready` ones wait in it. */
export function createPool(size: number, start: () => Sandbox, ready: readonly Sandbox[] = []): Pool {
  const waiting: Job[] = [];
  const idle: Sandbox[] = [...ready];
  const busy = new Set<Sandbox>();
  let accepting = true;
  let onEmpty: (() => void) | undefined;

  const take = (): Sandbox | undefined => {
    let sandbox = idle.pop();
    while (sandbox && !sandbox.alive()) sandbox = idle.pop();
    return sandbox;
  };
  const run = async (sandbox: Sandbox, job: Job) => {
    busy.add(sandbox);
    job.resolve(await sandbox.invoke(job.event));
    busy.delete(sandbox);
    if (sandbox.alive()) idle.push(sandbox);
    pump();
  };
  const pump = () => {
    while (waiting.length > 0 && (idle.length > 0 || busy.size < size)) {
      const job = waiting.shift();
      if (!job) return;
      try {
        void run(take() ?? start(), job);
      } catch (thrown) {
        job.reject(thrown);
      }
    }
    if (waiting.length === 0 && busy.size === 0) onEmpty?.();
  };
  const stopIdle = async () => {
    await Promise.all(idle.splice(0).map((sandbox) => sandbox.stop()));
  };

  return {
    invoke: (event) =>
      new Promise((resolve, reject) => {
        if (!accepting) return reject(new Error('this function is shutting down'));
        waiting.push({ event, resolve, reject });
        pump();
      }),
    drain: async () => {
      accepting = false;
      await stopIdle();
      if (busy.size > 0 || waiting.length > 0) {
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
        });
      }
      await stopIdle();
    },
    close: async () => {
      accepting = false;
      for (const job of waiting.splice(0)) job.reject(new Error('this function is shutting down'));
      await Promise.all([...busy].map((sandbox) => sandbox.stop()));
      await stopIdle();
    },
  };
}
