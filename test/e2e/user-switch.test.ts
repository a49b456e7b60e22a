import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../functions/core/audit/record.ts';
import { auditRowsOf } from '../support/audit-rows.ts';
import { type McpAnswer, modernMessage, postMcp, textOf } from '../support/mcp-wire.ts';
import { type MintToken, mintOf, nowSeconds } from '../support/minted-tokens.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { type SignedIn, signedIn } from '../support/signed-in.ts';

/**
 * Two people of two tenants, each through two clients, in turns through one warm environment of `mcp` and one of
 * `mcp-write`, with refusals, mistakes and broken connections between. Whatever one request left behind, the next would
 * find: an identity, a row, a nonce.
 */
const CALLS = 200;
/** Requests under way at once. The one environment takes them one by one. */
const AT_ONCE = 20;

const CLIENTS = [
  { name: 'VS Code', redirectUri: 'http://127.0.0.1:33418/' },
  { name: 'MCP Inspector', redirectUri: 'http://localhost:6274/oauth/callback' },
];
const OWN = {
  ada: { tenant: 'north', ticket: 'T-301', theirs: 'T-310', orders: /N-10\d\d/, others: /S-20\d\d|"dan"|T-31\d/ },
  dan: { tenant: 'south', ticket: 'T-310', theirs: 'T-301', orders: /S-20\d\d/, others: /N-10\d\d|"ada"|T-30\d/ },
} as const;

let cloud: OwnCloud;
let mint: MintToken;
let callers: readonly (SignedIn & { readonly person: 'ada' | 'dan' })[];
let made: readonly Made[];
let rows: readonly AuditRecord[];

beforeAll(async () => {
  cloud = await startOwnCloud({
    settings: { concurrency: { mcp: 1, 'mcp-write': 1 }, throttle: { mcp: { rate: 10_000, burst: 5_000 } } },
  });
  mint = mintOf(cloud);
  const scope = 'orders:read tickets:read tickets:write';
  const found: (typeof callers)[number][] = [];
  for (const as of ['ada', 'dan'] as const) {
    for (const client of CLIENTS) found.push({ ...(await signedIn(cloud.issuer, { as, client, scope })), person: as });
  }
  callers = found;
  made = await inTurns();
  // Signing in left rows too, which are somebody else's to count.
  rows = (await auditRowsOf(cloud)).filter(({ f }) => f !== 'event');
}, 300_000);
afterAll(() => cloud?.close());

type Caller = (typeof callers)[number];
type Kind = keyof typeof KINDS;
type Made = {
  readonly index: number;
  readonly kind: Kind;
  readonly by: Caller;
  /** Absent for a connection that was broken off. */
  readonly answer: McpAnswer | undefined;
};

const call = (name: string, input: unknown, token: string) =>
  postMcp(cloud.mcpUrl, modernMessage('tools/call', { name, arguments: input }), token);

/** A token as this caller's, but for the changes. */
const mintFor = ({ subject, clientId, person }: Caller, changes: Readonly<Record<string, unknown>>) =>
  mint({ sub: subject, client_id: clientId, tenant: OWN[person].tenant, ...changes });

const KINDS = {
  whoami: (by: Caller) => call('whoami', {}, by.accessToken),
  orders: (by: Caller) => call('search_orders', { limit: 50 }, by.accessToken),
  'own ticket': (by: Caller) => call('read_ticket', { ticketId: OWN[by.person].ticket }, by.accessToken),
  'their ticket': (by: Caller) => call('read_ticket', { ticketId: OWN[by.person].theirs }, by.accessToken),
  'own note': (by: Caller, index: number) =>
    call('add_ticket_note', { ticketId: OWN[by.person].ticket, body: `${by.person} ${index}` }, by.accessToken),
  'their note': (by: Caller, index: number) =>
    call('add_ticket_note', { ticketId: OWN[by.person].theirs, body: `${by.person} ${index}` }, by.accessToken),
  expired: async (by: Caller) => call('whoami', {}, await mintFor(by, { exp: nowSeconds() - 1 })),
  'too little scope': async (by: Caller) => call('read_ticket', {}, await mintFor(by, { scope: 'orders:read' })),
  'wrong input': (by: Caller, index: number) => call('search_orders', { limit: index + 1000 }, by.accessToken),
  'broken off': async (by: Caller) => {
    await breakOff(modernMessage('tools/call', { name: 'search_orders', arguments: {} }), by.accessToken);
    return undefined;
  },
} satisfies Record<string, (by: Caller, index: number) => Promise<McpAnswer | undefined>>;

/** All calls, kinds and callers in turns that do not line up, `AT_ONCE` under way at any time. */
async function inTurns(): Promise<readonly Made[]> {
  const kinds = Object.keys(KINDS) as Kind[];
  const all: Made[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < CALLS; index = next++) {
      const kind = kinds[index % kinds.length] ?? 'whoami';
      const by = callers[(index + Math.floor(index / kinds.length)) % callers.length];
      if (by === undefined) throw new Error('nobody signed in');
      all.push({ index, kind, by, answer: await KINDS[kind](by, index) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return all;
}

const answered = (...kinds: readonly Kind[]) =>
  made.flatMap(({ kind, answer, ...rest }) => (answer && kinds.includes(kind) ? [{ ...rest, kind, answer }] : []));

describe('200 calls of two people and two clients through one environment', () => {
  test('were made by all four, of every kind, and through one environment of each function', () => {
    expect(made).toHaveLength(CALLS);
    for (const kind of Object.keys(KINDS)) {
      const by = made.filter((each) => each.kind === kind).map((each) => each.by);
      expect([kind, new Set(by).size]).toEqual([kind, 4]);
    }
    // An environment keeps one chain of audit rows.
    expect(new Set(rows.map(({ s }) => s)).size).toBe(2);
  });

  test('each is told who they are, and by which client', () => {
    const told = answered('whoami');
    expect(told).toHaveLength(CALLS / 10);
    for (const { by, answer } of told) {
      expect(textOf(answer)).toContain(`"${by.subject}"`);
      expect(textOf(answer)).toContain(`"${by.clientId}"`);
      for (const { subject, clientId } of callers) {
        if (subject !== by.subject) expect(answer.text).not.toContain(`"${subject}"`);
        if (clientId !== by.clientId) expect(answer.text).not.toContain(clientId);
      }
    }
  });

  test('each sees rows of their own tenant, and none of the other', () => {
    for (const { by, kind, answer } of answered('orders', 'own ticket')) {
      const { ticket, orders, others } = OWN[by.person];
      expect(textOf(answer)).toMatch(kind === 'orders' ? orders : new RegExp(ticket));
      expect(answer.text).not.toMatch(others);
    }
    for (const { answer } of answered('their ticket')) expect(textOf(answer)).toContain('[null,');
  });

  test('a note is added once, by its author, to a ticket of their own', async () => {
    for (const { answer } of answered('own note')) expect(textOf(answer)).toMatch(/^\| \[true,/m);
    for (const { answer } of answered('their note')) expect(textOf(answer)).toMatch(/^\| \[false,null\]/m);
    for (const person of ['ada', 'dan'] as const) {
      const by = callers.find((caller) => caller.person === person);
      if (by === undefined) throw new Error(`${person} did not sign in`);
      const ticket = textOf(await KINDS['own ticket'](by));
      const written = [...ticket.matchAll(/"(ada|dan) (\d+)"/g)].map(([, author, index]) => `${author} ${index}`);
      const expected = answered('own note').filter(({ by: { person: author } }) => author === person);
      expect(written.sort()).toEqual(expected.map(({ index }) => `${person} ${index}`).sort());
    }
  });

  test('a refusal is of that call alone', () => {
    expect(answered('expired').map(({ answer }) => answer.status)).toEqual(Array(CALLS / 10).fill(401));
    expect(answered('too little scope').map(({ answer }) => answer.status)).toEqual(Array(CALLS / 10).fill(403));
    for (const { answer } of answered('wrong input')) expect(answer.message.result?.isError).toBe(true);
  });

  test('no two results have a nonce in common', () => {
    const fenced = made.flatMap(
      ({ answer }) => answer?.text.match(/USER_DATA nonce=([0-9a-f]{32})/g)?.slice(0, 1) ?? [],
    );
    expect(fenced.length).toBeGreaterThanOrEqual((CALLS / 10) * 6);
    expect(new Set(fenced).size).toBe(fenced.length);
  });

  test('every audit row names the person and the client of its request', () => {
    const expected: Readonly<Record<Kind, readonly string[]>> = {
      whoami: ['call allowed'],
      orders: ['call allowed'],
      'own ticket': ['call allowed'],
      'their ticket': ['call allowed'],
      'own note': ['intent allowed', 'outcome allowed'],
      'their note': ['intent allowed', 'outcome allowed'],
      expired: [],
      'too little scope': ['call denied'],
      'wrong input': ['call invalid'],
      'broken off': [],
    };
    const unclaimed = new Set(rows);
    for (const { kind, by, answer } of answered(...(Object.keys(KINDS) as Kind[]))) {
      const id = answer.headers.get('apigw-requestid');
      const its = rows.filter(({ q }) => q === id);
      expect([kind, its.map(({ f, x }) => `${f} ${x}`)]).toEqual([kind, expected[kind]]);
      for (const row of its) {
        expect([row.c, row.u?.split('#')[0]]).toEqual([by.clientId, by.subject]);
        unclaimed.delete(row);
      }
    }
    // What is left was asked for and never read: it belongs to somebody all the same.
    const broken = made.filter(({ kind }) => kind === 'broken off').length;
    expect(unclaimed.size).toBeLessThanOrEqual(broken);
    const pairs = callers.map(({ clientId, subject }) => `${subject} ${clientId}`);
    for (const { u, c } of unclaimed) expect(pairs).toContain(`${u?.split('#')[0]} ${c}`);
  });
});

/** Sends a whole request and hangs up before the answer. */
function breakOff({ headers, body }: ReturnType<typeof modernMessage>, token: string): Promise<void> {
  return new Promise((resolve) => {
    const sent = request(cloud.mcpUrl, { method: 'POST', headers: { ...headers, authorization: `Bearer ${token}` } });
    sent.once('finish', () => sent.destroy());
    sent.once('error', () => resolve());
    sent.once('close', () => resolve());
    sent.end(body);
  });
}
