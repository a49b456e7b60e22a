import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyHead, sealed } from '../../../functions/core/audit/chain.ts';
import { type Item, itemOf, recordFromItem } from '../../../functions/core/audit/item.ts';
import type { AuditRecord } from '../../../functions/core/audit/record.ts';
import { startOf, verifyStream } from '../../../functions/core/audit/verify-stream.ts';
import { anEvent, aStream, aStreamId, recordAfter, today } from './builders.ts';

const chain = aStream(5);
const verify = (records: readonly AuditRecord[]) =>
  verifyStream(
    startOf(aStreamId, today),
    records.map((record) => recordFromItem(itemOf(record))),
  );
const at = (index: number): AuditRecord => chain[index] ?? expect.fail('no such record');
const changed = (index: number, change: Partial<AuditRecord>) => chain.with(index, { ...at(index), ...change });

/** A record that was changed and hashed again, by somebody who knows how. */
const forged = (index: number, change: Partial<AuditRecord>): AuditRecord => {
  const { h: _, ...record } = { ...at(index), ...change };
  return sealed(record);
};

test('a chain that nobody touched is whole, up to its head', async () => {
  expect(await verify(chain)).toMatchObject({ ok: true, value: { seq: 5, hash: at(4).h, at: at(4).t } });
});

test('a stream without records is whole', async () => {
  expect(await verify([])).toMatchObject({ ok: true, value: { seq: 0, hash: emptyHead(aStreamId, today).hash } });
});

test('a verified head is where the next verification goes on', async () => {
  const first = await verify(chain.slice(0, 2));
  if (!first.ok) throw new Error('the first half is whole');
  const rest = chain.slice(2).map((record) => recordFromItem(itemOf(record)));
  expect(await verifyStream(first.value, rest)).toMatchObject({ ok: true, value: { seq: 5 } });
});

test.each([
  ['a changed word', changed(2, { k: 'whoami' }), 3, 'hash'],
  ['a changed hash', changed(2, { h: at(1).h }), 3, 'hash'],
  ['a record taken out of the middle', chain.toSpliced(2, 1), 3, 'gap'],
  ['the first record taken out', chain.slice(1), 1, 'gap'],
  ['two records that changed places', chain.with(1, at(2)).with(2, at(1)), 2, 'gap'],
  ['a record that is there twice', chain.toSpliced(2, 0, at(1)), 3, 'gap'],
  ['a record that was changed and hashed again', chain.with(2, forged(2, { k: 'whoami' })), 4, 'previous'],
  ['a record renumbered into a gap', [at(0), forged(2, { n: 2 })], 2, 'previous'],
  ['a record of another stream', chain.with(1, aStream(2, 'other')[1] ?? at(1)), 2, 'foreign'],
  [
    'a record that came before the one before it',
    [at(0), recordAfter({ seq: 1, hash: at(0).h }, anEvent(), `${today}T09:59:59.999Z`)],
    2,
    'time',
  ],
  [
    'a record of the next day',
    [at(0), recordAfter({ seq: 1, hash: at(0).h }, anEvent(), '2025-11-23T00:00:00.000Z')],
    2,
    'time',
  ],
])('%s is named as the first bad record', async (_, records, seq, reason) => {
  expect(await verify(records)).toMatchObject({ ok: false, error: { reason, seq, stream: aStreamId } });
});

test('a whole chain shown as another stream, or as another day, is foreign to it', async () => {
  const rows = chain.map((record) => recordFromItem(itemOf(record)));
  expect(await verifyStream(startOf('another', today), rows)).toMatchObject({ error: { reason: 'foreign', seq: 1 } });
  expect(await verifyStream(startOf(aStreamId, '2025-11-21'), rows)).toMatchObject({
    error: { reason: 'previous', seq: 1 },
  });
});

test('a row that is no record breaks the chain at its place', async () => {
  const rows = chain.map((record) => recordFromItem({ ...itemOf(record), ...(record.n === 4 && { z: { S: '' } }) }));
  expect(await verifyStream(startOf(aStreamId, today), rows)).toMatchObject({ error: { reason: 'malformed', seq: 4 } });
});

test('any single bit that changes in any row is found, at that row', async () => {
  const rows = chain.map(itemOf);
  await fc.assert(
    fc.asyncProperty(fc.nat(rows.length - 1), fc.nat(), fc.nat(), async (index, which, bit) => {
      const item = rows[index] ?? {};
      // An empty text has no bit to change.
      const names = Object.keys(item).filter((name) => name !== 'sk' && Object.values(item[name] ?? {})[0] !== '');
      const name = names[which % names.length] ?? 'pk';
      const flipped = rows.with(index, { ...item, [name]: flip(item[name], bit) });
      const verdict = await verifyStream(startOf(aStreamId, today), flipped.map(recordFromItem));
      expect(verdict).toMatchObject({ ok: false, error: { seq: index + 1 } });
    }),
  );
});

function flip(attribute: Item[string] | undefined, bit: number): Item[string] {
  if (attribute === undefined) throw new Error('no such attribute');
  const [type = 'S', value = ''] = Object.entries(attribute)[0] ?? [];
  const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value), 'latin1');
  const at = bit % (bytes.length * 8);
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
  return (type === 'B' ? { B: bytes } : { [type]: bytes.toString('latin1') }) as Item[string];
}
