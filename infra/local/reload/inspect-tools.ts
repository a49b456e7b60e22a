import { parentPort, Worker, workerData } from 'node:worker_threads';
import { withoutDatabase } from '../../../functions/core/tools/without-database.ts';
import { driftOf, offeredTools } from '../../check-tools.ts';
import { Problem } from '../../problem.ts';
import { readSettings } from '../../settings.ts';

/** What the tools are now, or what is wrong with them. */
export type Inspected =
  | {
      readonly tools: readonly {
        readonly name: string;
        readonly access: 'read' | 'write';
        readonly scopes: readonly string[];
        readonly approval: boolean;
      }[];
      /** Names of what is not as it was reviewed. */
      readonly drift: readonly string[];
    }
  | { readonly problem: string };

/**
 * Loads the tools of a checkout and checks them. In a thread of its own, since a module that was once loaded stays as it
 * was, and this process lives through many versions of a file.
 */
export async function inspectTools(checkout: string): Promise<Inspected> {
  const worker = new Worker(new URL('./inspect-tools.ts', import.meta.url), { workerData: { inspect: checkout } });
  try {
    return await new Promise<Inspected>((resolve) => {
      worker.once('message', resolve);
      worker.once('error', (error: Error) => resolve({ problem: `functions/tools: ${error.stack ?? error.message}` }));
      worker.once('exit', () => resolve({ problem: 'functions/tools: a tool file ended the thread that loads it.' }));
    });
  } finally {
    await worker.terminate();
  }
}

async function inspect(checkout: string): Promise<Inspected> {
  try {
    const { scopes, tools: on, database } = readSettings(checkout);
    const offered = await offeredTools(Object.keys(scopes), on);
    const served = database.kind === 'none' ? withoutDatabase(offered.tools) : offered.tools;
    const tools = served.map(({ name, access, scopes, approval }) => {
      return { name, access, scopes, approval: approval === 'required' };
    });
    const drift = await driftOf(offered).catch((error: unknown) => {
      if (error instanceof Problem) return offered.offers.map((offer) => ({ offer }));
      throw error;
    });
    return { tools, drift: drift.map(({ offer }) => offer.name) };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.message };
    throw error;
  }
}

const work: unknown = workerData;
if (parentPort && typeof work === 'object' && work !== null && 'inspect' in work && typeof work.inspect === 'string') {
  parentPort.postMessage(await inspect(work.inspect));
}
