import { expect } from 'vitest';

/** `undefined` is an absent field, an array a repeated one. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

export type Posted = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the body; empty when it is none. */
  readonly body: Readonly<Record<string, unknown>>;
};

export function encode(fields: Fields): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) parameters.append(name, each);
  }
  return parameters.toString();
}

/** Sends a form and reads the whole answer. */
export async function post(url: string, fields: Fields, init: RequestInit = {}): Promise<Posted> {
  const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
  for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
  return read(await fetch(url, { method: 'POST', body: encode(fields), redirect: 'manual', ...init, headers }));
}

export async function read(response: Response): Promise<Posted> {
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true && text.startsWith('{');
  return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : {} };
}

/** A refusal as RFC 6749 section 5.2 wants it: never cached, and with nothing in it that is not for the caller. */
export function expectRefused(answer: Posted, status: number, error: string): void {
  expect([answer.status, answer.body.error]).toEqual([status, error]);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('pragma')).toBe('no-cache');
  expect(answer.text).not.toMatch(/\bat \S+:\d+|node_modules|GRANT#|CLIENT#|Exception|Table|arn:/);
}

/** Come again: nothing was used up. */
export function expectUnavailable(answer: Posted): void {
  expectRefused(answer, 503, 'temporarily_unavailable');
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

export function refreshTokenOf(answer: Posted): string {
  const { refresh_token: token } = answer.body;
  if (typeof token !== 'string') throw new Error(`no refresh token in a ${answer.status}: ${answer.text}`);
  return token;
}

export function accessTokenOf(answer: Posted): string {
  const { access_token: token } = answer.body;
  if (typeof token !== 'string') throw new Error(`no access token in a ${answer.status}: ${answer.text}`);
  return token;
}
