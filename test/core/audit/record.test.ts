import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sealed } from '../../../functions/core/audit/chain.ts';
import { itemOf, itemSize, recordFromItem } from '../../../functions/core/audit/item.ts';
import { readable } from '../../../functions/core/audit/readable.ts';
import { auditRecord, recordOf, subjectDay } from '../../../functions/core/audit/record.ts';
import { anEvent, anyEvent, aStreamId, recordAfter, today } from './builders.ts';

const position = { stream: aStreamId, seq: 7, previous: 'A'.repeat(43), at: `${today}T10:00:00.000Z` };
const args = { mac: new Uint8Array(32).fill(255), bytes: 262_144 };
const item = (event = anEvent()) => itemOf(sealed(recordOf(event, args, { ...position, seq: 999_999_999 })));

test('a row is a key, one letter each, hashes as bytes, and the index attributes', () => {
  expect(
    itemOf({ ...sealed(recordOf(anEvent({ rows: 3, durationMs: 12.4 }), args, position)), h: 'A'.repeat(43) }),
  ).toEqual({
    pk: { S: `S#${aStreamId}` },
    sk: { S: '000000007' },
    v: { N: '1' },
    p: { B: Buffer.from('A'.repeat(43), 'base64url') },
    t: { S: '2025-11-22T10:00:00.000Z' },
    u: { S: '6f9b1c52-3d84-4e0a-9b17-52c8de01aa47#2025-11-22' },
    f: { S: 'call' },
    q: { S: 'bM7yLhbGoAMEVKg=' },
    c: { S: 'c_Kx8Vq2mW4nT6yB1zR3dF5g' },
    k: { S: 'search_orders' },
    d: { B: Buffer.from('ab'.repeat(32), 'hex') },
    a: { B: Buffer.from(args.mac) },
    b: { N: '262144' },
    g: { S: 'orders:read tickets:read' },
    x: { S: 'allowed' },
    l: { S: 'mcp_reader' },
    m: { N: '3' },
    w: { N: '12' },
    h: { B: Buffer.from('A'.repeat(43), 'base64url') },
  });
});

test('the largest realistic row is below 900 bytes, and an ordinary one below 450', () => {
  const largest = anEvent({
    phase: 'outcome',
    requestId: 'c2f5a8b0-1d3e-4f60-8a9b-0c1d2e3f4a5b',
    clientId: `https://connectors.example.com/${'a'.repeat(97)}`,
    subject: `auth0|${'x'.repeat(122)}`,
    tool: 't'.repeat(64),
    scopes: Array.from({ length: 8 }, (_, at) => `department${at}:read`),
    decision: 'unknown',
    reason: 'insufficient-scope-of-the-client-and-some-more-explanation-of-it',
    approvalId: 'A'.repeat(43),
    dbRole: 'mcp_writer',
    rows: 1_000_000,
    durationMs: 30_000,
  });
  expect(itemSize(item(largest))).toBeLessThanOrEqual(900);
  expect(itemSize(item())).toBeLessThan(450);
});

test('a row with every text as long as it may be is just below 900 bytes', () => {
  const long = 'x'.repeat(1_000);
  const texts = {
    requestId: long,
    clientId: long,
    subject: long,
    tool: long,
    reason: long,
    approvalId: long,
    dbRole: long,
  };
  const fullest = anEvent({ ...texts, phase: 'outcome', scopes: [long], rows: 2 ** 31, durationMs: 900_000 });
  expect(itemSize(item(fullest))).toBeLessThanOrEqual(900);
  expect(itemSize(item(fullest))).toBeGreaterThan(850);
});

test('an event has what it is about, and nothing of a call', () => {
  const event = anEvent({ phase: 'event', tool: 'auth:token', about: 'x'.repeat(200), subject: undefined });
  const row = item(event);
  expect(Object.keys(row)).toEqual(['pk', 'sk', 'v', 'p', 't', 'f', 'q', 'c', 'k', 'g', 'x', 'o', 'h']);
  expect(row.o).toEqual({ S: expect.stringMatching(/^x{83}~[A-Za-z0-9_-]{12}$/) });
  const read = recordFromItem(row);
  expect(read.ok && readable(read.value)).toMatchObject({ phase: 'event', tool: 'auth:token', subject: undefined });
});

test('a count has how many it stands for and since when, and nothing of any one of them', () => {
  const count = anEvent({ phase: 'count', tool: 'auth:consent', subject: undefined, scopes: [], decision: 'denied' });
  const row = item({ ...count, rows: 980, durationMs: 61_000, about: 'a transaction', approvalId: undefined });
  expect(Object.keys(row)).toEqual(['pk', 'sk', 'v', 'p', 't', 'f', 'q', 'c', 'k', 'g', 'x', 'm', 'w', 'h']);
  expect([row.f, row.m, row.w]).toEqual([{ S: 'count' }, { N: '980' }, { N: '61000' }]);
  const read = recordFromItem(row);
  expect(read.ok && readable(read.value)).toMatchObject({ phase: 'count', rows: 980, durationMs: 61_000 });
});

test('a row of a call has no place for what an event is about', () => {
  expect(item(anEvent({ about: 'a grant' }))).not.toHaveProperty('o');
});

test('no event makes a row of more than 900 bytes, or one that cannot be read back', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      const record = sealed(recordOf(event, args, { ...position, seq: 999_999_999 }));
      expect(itemSize(itemOf(record))).toBeLessThanOrEqual(900);
      expect(auditRecord.safeParse(record).success).toBe(true);
      expect(recordFromItem(itemOf(record))).toEqual({ ok: true, value: record });
    }),
  );
});

test('a text that is too long keeps its beginning and a digest, so a search for it still finds its rows', () => {
  const long = `${'ä'.repeat(100)}one`;
  expect(subjectDay(long, today)).toMatch(/^ä+~[A-Za-z0-9_-]{12}#2025-11-22$/);
  expect(subjectDay(long, today)).toBe(subjectDay(long, today));
  expect(subjectDay(long, today)).not.toBe(subjectDay(`${'ä'.repeat(100)}two`, today));
  expect(subjectDay('ada', today)).toBe('ada#2025-11-22');
});

test('half a character in a name becomes a replacement character', () => {
  expect(recordOf(anEvent({ tool: 'bad\ud800' }), args, position).k).toBe('bad\ufffd');
});

test('what is absent has no attribute', () => {
  const refused = anEvent({ toolDigest: undefined, dbRole: undefined, decision: 'denied' });
  const record = recordOf(refused, undefined, position);
  expect(Object.keys(record).sort().join('')).toBe('cfgknpqstuvx');
});

test.each(['', 'AB'.repeat(32), 'ab'.repeat(31)])('the tool digest %j is a bug of ours and throws', (toolDigest) => {
  expect(() => recordOf(anEvent({ toolDigest }), args, position)).toThrow(TypeError);
});

const good = itemOf(recordAfter({ seq: 6, hash: 'A'.repeat(43) }));

test.each([
  ['an unknown attribute', { ...good, z: { S: 'x' } }],
  ['an attribute of another type', { ...good, k: { N: '1' } }],
  ['a hash as text', { ...good, h: { S: 'A'.repeat(43) } }],
  ['a hash of another length', { ...good, h: { B: Buffer.alloc(31) } }],
  ['another version', { ...good, v: { N: '2' } }],
  ['a key of another kind', { ...good, pk: { S: 'D#2025-11-22#1' } }],
  ['a number that is not padded', { ...good, sk: { S: '7' } }],
  ['a decision that is none', { ...good, x: { S: 'perhaps' } }],
  ['a missing time', Object.fromEntries(Object.entries(good).filter(([name]) => name !== 't'))],
  ['nothing', {}],
])('a row with %s is no record', (_, row) => {
  expect(recordFromItem(row)).toMatchObject({ ok: false, error: { reason: 'malformed' } });
});

test('a malformed row still says at which number it stands', () => {
  expect(recordFromItem({ ...good, z: { S: 'x' } })).toMatchObject({ error: { seq: 7 } });
});

test('a record reads as words for people', () => {
  const record = recordAfter({ seq: 6, hash: 'A'.repeat(43) }, anEvent({ subject: 'ada#x' }));
  expect(readable(record)).toMatchObject({
    subject: 'ada#x',
    clientId: 'c_Kx8Vq2mW4nT6yB1zR3dF5g',
    scopes: ['orders:read', 'tickets:read'],
    toolDigest: 'ab'.repeat(32),
    seq: 7,
    hash: Buffer.from(record.h, 'base64url').toString('hex'),
  });
  expect(readable({ ...record, g: '' }).scopes).toEqual([]);
});
