import type { CustomFetch } from 'openid-client';

/** A discovery document, a key set or a token answer has kilobytes. */
const MAX_BYTES = 256 * 1024;

/**
 * The platform's fetch, with a limit on what it reads. openid-client asks for `redirect: 'manual'`, so a redirect is an
 * answer like any other and is not followed: a token request has our secret in it.
 */
export const boundedFetch: CustomFetch = async (url, options) => {
  const response = await fetch(url, options as RequestInit);
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

/** The result of `work`, or a rejection once this many milliseconds have passed. */
export async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work(), expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Plain http is for an identity provider on this very machine, as in the local run, and for nothing else. */
export function isLoopbackHttp(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
