import { promises as dns, type LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isDocumentUrl } from '../core/oauth/cimd/document-url.ts';
import type { FetchDocument, Fetched } from '../core/oauth/cimd/store.ts';
import { ok, refuse } from '../core/result.ts';
import { within } from './bounded-fetch.ts';
import { isPublicAddress } from './public-address.ts';

/** Resolver, certificates and dialling are a test's to replace; no setting and no variable reaches them. */
export type SafeFetchOptions = {
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  /** Where the connection goes in place of the addresses that were checked. */
  readonly dial?: { readonly address: string; readonly port: number };
  readonly ca?: string;
  readonly timeoutMs?: number;
};

const MAX_BYTES = 5 * 1024;
const TIMEOUT_MS = 3_000;
const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json(?:\s*;|$)/i;

/** What a document may be kept without saying so. */
const UNSTATED_FRESH = 300;

/**
 * Gets JSON from an address that somebody else chose (draft-ietf-oauth-client-id-metadata-document section 6.6).
 *
 * The name is resolved once, every address it has must be public, and the connection goes to those addresses and to no
 * other: what the name means a moment later does not matter. All of that happens before the first packet. Port 443, TLS
 * verified against the name, no redirect, 200 only, JSON only, 5 KiB, three seconds for everything.
 */
export function createSafeFetch(options: SafeFetchOptions = {}): FetchDocument {
  const { resolve = (host) => dns.lookup(host, { all: true }), timeoutMs = TIMEOUT_MS } = options;
  return async (url) => {
    if (!isDocumentUrl(url)) return refuse('it is no address to fetch');
    const cancel = new AbortController();
    const work = async () => {
      const addresses = await resolve(new URL(url).hostname);
      if (addresses.length === 0) throw new Error('the name has no address');
      if (!addresses.every(({ address }) => isPublicAddress(address)))
        throw new Error('the name has a private address');
      cancel.signal.throwIfAborted();
      return get(url, addresses, cancel.signal, options);
    };
    try {
      return ok(await within(timeoutMs, work));
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    } finally {
      cancel.abort();
    }
  };
}

function get(
  url: string,
  addresses: readonly LookupAddress[],
  signal: AbortSignal,
  { dial, ca }: SafeFetchOptions,
): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        agent: false,
        signal,
        lookup: pinnedTo(dial === undefined ? addresses : [{ address: dial.address, family: 4 }]),
        ...(dial === undefined ? {} : { port: dial.port }),
        ...(ca === undefined ? {} : { ca }),
        headers: { host: new URL(url).host, accept: 'application/json', 'accept-encoding': 'identity' },
      },
      (response) => {
        read(response).then(resolve, reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/** A resolver that knows one answer, whatever it is asked. */
function pinnedTo(addresses: readonly LookupAddress[]): LookupFunction {
  const [first] = addresses;
  return (_, { all }, callback) => {
    if (first === undefined) callback(new Error('no address'), '');
    else if (all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

async function read(response: IncomingMessage): Promise<Fetched> {
  const { statusCode, headers } = response;
  try {
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw new Error('it is not JSON');
    if (headers['content-encoding'] !== undefined) throw new Error('it is encoded');
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`it is over ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return { text, freshFor: freshnessOf(headers['cache-control']) };
  } finally {
    response.destroy();
  }
}

/** RFC 9111 section 5.2.2. A `max-age` that is no number of seconds is none at all. */
function freshnessOf(cacheControl: string | undefined): number {
  if (cacheControl === undefined) return UNSTATED_FRESH;
  const directives = cacheControl
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim());
  if (directives.some((directive) => /^no-(?:store|cache)\b/.test(directive))) return 0;
  const maxAge = directives.find((directive) => directive.startsWith('max-age='))?.slice('max-age='.length);
  if (maxAge === undefined) return UNSTATED_FRESH;
  return /^"?\d{1,10}"?$/.test(maxAge) ? Number(maxAge.replaceAll('"', '')) : 0;
}
