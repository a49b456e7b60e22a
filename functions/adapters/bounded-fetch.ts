import { AsyncLocalStorage } from 'node:async_hooks';
import type { CustomFetch } from 'openid-client';

/** A discovery document, a key set or a token answer has kilobytes. */
const MAX_BYTES = 256 * 1024;

/** The deadline of the work that a fetch is part of. openid-client takes a time for each request, none for them together. */
const deadline = new AsyncLocalStorage<AbortSignal>();

/**
 * The platform's fetch, with a limit on what it reads, and ended by the deadline of the {@link within} it is part of.
 * openid-client asks for `redirect: 'manual'`, so a redirect is an answer like any other and is not followed: a token
 * request has our secret in it.
 */
export const boundedFetch: CustomFetch = async (url, options) => {
  const signals = [options.signal, deadline.getStore()].filter((signal) => signal !== undefined);
  const response = await fetch(url, { ...(options as RequestInit), signal: AbortSignal.any(signals) });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`an answer of more than ${MAX_BYTES} bytes from ${new URL(url).host}`);
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(size === 0 ? null : Buffer.concat(chunks), { status, headers });
};

/**
 * The result of `work`, or a rejection once this many milliseconds have passed. Fetches by {@link boundedFetch} that are
 * still under way then are ended, whatever other limits they have.
 */
export async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const ending = new AbortController();
  // Within another deadline, whichever comes first.
  const signal = AbortSignal.any([ending.signal, deadline.getStore()].filter((each) => each !== undefined));
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const late = new Error(`no answer within ${milliseconds} ms`);
      reject(late);
      ending.abort(late);
    }, milliseconds);
  });
  try {
    return await Promise.race([deadline.run(signal, work), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Plain http is for an identity provider on this very machine, as in the local run, and for nothing else. */
export function isLoopbackHttp(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
