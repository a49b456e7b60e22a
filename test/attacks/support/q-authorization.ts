import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Client } from '../../../functions/core/oauth/client.ts';
import { createFaults } from '../../../infra/local/aws/faults.ts';
import {
  AUTHORIZE,
  cookiesOf,
  encode,
  type Form,
  location,
  REDEEM,
  readConsentPage,
} from '../../support/authorization-server.ts';
import { aClient } from '../../support/builders.ts';
import { startOwnCloud } from '../../support/own-cloud.ts';
import { itemsOf } from './q-items.ts';
import { startScriptedProvider } from './q-provider.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: string;
};

type Sent = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: Readonly<Record<string, string>>;
};

export type AuthorizationCloud = Awaited<ReturnType<typeof startAuthorizationCloud>>;

/** Three names of this computer: a client may come back on any port of any one that it registered. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'].map((host) => `http://${host}:4000/cb`);

/**
 * The three endpoints of the sign-in over HTTP, with clients A and B in the registry, a scripted identity provider, and
 * a view of the tables. No redirect is followed: every step is a test's own.
 */
export async function startAuthorizationCloud(
  clients: readonly Client[] = [],
  providerMetadata: Readonly<Record<string, unknown>> = {},
) {
  const faults = createFaults();
  const logs: string[] = [];
  const cloud = await startOwnCloud({
    faults,
    identityProvider: false,
    onLog: (_, line) => logs.push(line),
    // Nobody calls a tool here, and a database takes longest to start.
    settings: { database: { kind: 'none' } },
  });
  const identityPort = Number(new URL(cloud.issuer).port) + 1;
  const provider = await startScriptedProvider(identityPort, cloud.identityClient.id, providerMetadata);
  const items = itemsOf(cloud);
  const clientA = aClient({ redirectUris: ['https://client.example/cb', ...LOOPBACK] });
  const clientB = aClient({ id: 'client-b', name: 'Other', redirectUris: ['https://other.example/cb'] });
  for (const client of [clientA, clientB, ...clients]) await items.enrol(client);

  const send = async (path: string, init: RequestInit = {}, cookies: Sent['cookies'] = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
    if (cookie.length > 0) headers.set('cookie', cookie.join('; '));
    const response = await fetch(`${cloud.issuer}${path}`, { ...init, headers, redirect: 'manual' });
    const body = await response.text();
    // The gateway's own, from the throttle of the route: not what is tested here.
    if (response.status === 429) return sleep(100).then(() => send(path, init, cookies));
    const entries = [...response.headers].filter(([name]) => name !== 'set-cookie');
    return {
      status: response.status,
      headers: Object.fromEntries(entries),
      cookies: response.headers.getSetCookie(),
      body,
    };
  };
  const post = (path: string, form: Form, { headers = {}, cookies = {} }: Sent = {}) => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return send(path, { method: 'POST', body: encode(form), headers: { ...type, ...headers } }, cookies);
  };

  const queryOf = (changes: Form = {}) => encode({ ...AUTHORIZE, resource: cloud.mcpUrl, ...changes });
  const authorize = (changes: Form = {}, { headers = {}, cookies = {} }: Sent = {}) =>
    send(`/authorize?${queryOf(changes)}`, { headers }, cookies);
  const consent = (form: Form, sent: Sent = {}) => post('/consent', form, sent);

  /** A consent page that is before somebody. */
  const shown = async (changes: Form = {}) => {
    const { form, cookies } = readConsentPage(await authorize(changes));
    return { form: { ...form, decision: 'approve' }, cookies, id: form.transaction };
  };
  /** A sign-in that somebody agreed to, whose browser is about to come back. */
  const agreed = async (changes: Form = {}) => {
    const { form, cookies, id } = await shown(changes);
    const approved = await consent(form, { cookies });
    const { searchParams } = new URL(location(approved));
    const state = searchParams.get('state') ?? '';
    return { id, state, nonce: searchParams.get('nonce') ?? '', cookies: { ...cookies, ...cookiesOf(approved) } };
  };

  return {
    issuer: cloud.issuer,
    resource: cloud.mcpUrl,
    identityClient: cloud.identityClient,
    faults,
    provider,
    logs,
    ...items,
    send,
    queryOf,
    authorize,
    consent,
    shown,
    agreed,
    callback: (query: string, cookies: Readonly<Record<string, string>>) => send(`/callback?${query}`, {}, cookies),
    redeem: (code: string, changes: Form = {}) => post('/token', { ...REDEEM, code, ...changes }),
    /** From here on, writes are counted from zero. */
    forget: () => cloud.endpoint.resetCounts(),
    /** Every call since `forget` that could have changed a table, each as often as it was made; `RECORDED` last and once. */
    writes: () => {
      const calls = Object.entries(cloud.endpoint.counts())
        .filter(([call]) => /^dynamodb:(?!GetItem|BatchGetItem|Query|Scan)/.test(call))
        .flatMap(([call, times]) => Array.from({ length: times }, () => call.replace(/ .*/, '')));
      // The first row of an environment comes with one of the day's directory, so how many calls it takes varies.
      const others = calls.filter((call) => call !== 'dynamodb:ExecuteStatement');
      return others.length < calls.length ? [...others, RECORDED] : others;
    },
    close: async () => {
      await provider.close();
      await cloud.close();
    },
  };
}

/** Among the writes of a request: that it is on record in the audit log. */
export const RECORDED = 'a row of the audit log';

/** 400 HTML, nowhere to go: no `Location`, and nothing on the page that could be followed. */
export function expectLocal(answer: Answer, status = 400): void {
  expect(answer.headers).not.toHaveProperty('location');
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  });
  expect(answer.body).not.toMatch(/href|src=|action=|<script|http-equiv/i);
  expect(answer.cookies).toEqual([]);
}

/** 303 to the redirect URI with the error, `state` and `iss`, in the query and nowhere else. Returns its parameters. */
export function expectRedirected(
  answer: Answer,
  error: string,
  { issuer, state = 'xyz', to = AUTHORIZE.redirect_uri }: { issuer: string; state?: string | null; to?: string },
): Record<string, string> {
  expect(answer.status).toBe(303);
  const url = new URL(location(answer));
  expect(location(answer).slice(0, to.length + 1)).toBe(`${to}?`);
  expect(url.hash).toBe('');
  expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  const parameters = Object.fromEntries(url.searchParams);
  expect(parameters).toMatchObject({ error, iss: issuer });
  expect(url.searchParams.get('state')).toBe(state);
  expect(parameters).not.toHaveProperty('code');
  return parameters;
}
