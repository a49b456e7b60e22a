import { expect } from 'vitest';
import type { OwnCloud } from '../../support/own-cloud.ts';
import { writesOf } from './p-registry.ts';

/** Settings under which a suite may register as often as it has cases. What the deployed limit does has its own test. */
export const UNTHROTTLED = {
  throttle: { register: { rate: 10_000, burst: 5_000 } },
  // Nobody calls a tool here, and a database takes longest to start.
  database: { kind: 'none' },
};

const JSON_BODY = { 'content-type': 'application/json' } as const;

export type Registered = {
  readonly client_id: string;
  readonly redirect_uris: readonly string[];
  readonly [member: string]: unknown;
};

export type Answered = { readonly status: number; readonly headers: Headers; readonly text: string };

/** POST /register. A string is sent as it is. */
export async function register(
  issuer: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = JSON_BODY,
): Promise<Answered> {
  // Bytes, because `fetch` would give a text a content type of its own.
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await fetch(`${issuer}/register`, { method: 'POST', headers, body: bytes });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A registration that must succeed. */
export async function registered(issuer: string, metadata: unknown): Promise<Registered> {
  const { status, headers, text } = await register(issuer, metadata);
  expect([status, headers.get('cache-control'), text]).toMatchObject([201, 'no-store', expect.any(String)]);
  return JSON.parse(text) as Registered;
}

/**
 * A registration that must be refused in this way, be told so in the form of RFC 7591 section 3.2.2, and leave every
 * table as it was.
 */
export async function expectRefused(
  cloud: OwnCloud,
  body: unknown,
  expected: { readonly status: number; readonly error: string },
  headers: Readonly<Record<string, string>> = JSON_BODY,
): Promise<void> {
  cloud.endpoint.resetCounts();
  const answer = await register(cloud.issuer, body, headers);
  const told = JSON.parse(answer.text) as Record<string, unknown>;
  expect({ status: answer.status, error: told.error }).toEqual(expected);
  expect(told.error_description).toEqual(expect.any(String));
  expect(told).not.toHaveProperty('client_id');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(writesOf(cloud)).toEqual([]);
}

/** GET /authorize with a complete request of this client. */
export async function authorize(issuer: string, clientId: string, redirectUri: string): Promise<Answered> {
  const url = new URL('/authorize', issuer);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  }).toString();
  const response = await fetch(url, { redirect: 'manual' });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
