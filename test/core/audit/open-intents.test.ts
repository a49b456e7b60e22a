import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyHead } from '../../../functions/core/audit/chain.ts';
import { OPEN_AFTER, openIntents, watchIntents } from '../../../functions/core/audit/open-intents.ts';
import { anEvent, aStreamId, recordAfter, today } from './builders.ts';

const at = (time: string) => `${today}T${time}Z`;
const head = emptyHead(aStreamId, today);
const row = (phase: 'intent' | 'outcome' | 'call', requestId: string, time = '10:00:00.000', stream = aStreamId) =>
  recordAfter(head, anEvent({ phase, requestId, tool: 'add_ticket_note' }), at(time), stream);
const later = Date.parse(at('10:00:00.000')) + OPEN_AFTER;

test('an intent is open from the fifteenth minute on, and not before', () => {
  const rows = [row('intent', 'one')];
  expect(openIntents(rows, later - 1)).toEqual([]);
  expect(openIntents(rows, later)).toEqual([
    {
      at: at('10:00:00.000'),
      stream: aStreamId,
      seq: 1,
      requestId: 'one',
      tool: 'add_ticket_note',
      clientId: 'c_Kx8Vq2mW4nT6yB1zR3dF5g',
      subject: '6f9b1c52-3d84-4e0a-9b17-52c8de01aa47',
    },
  ]);
});

test('its outcome closes it, whatever stream it is in and whichever of them is seen first', () => {
  const intent = row('intent', 'one');
  const outcome = row('outcome', 'one', '10:00:01.000', 'BBBBBBBBBBBBBBBBBBBBBB');
  expect(openIntents([intent, outcome], later)).toEqual([]);
  expect(openIntents([outcome, intent], later)).toEqual([]);
});

test('an outcome closes one intent, and another request closes none', () => {
  const rows = [
    row('intent', 'one'),
    row('intent', 'one', '10:00:00.500'),
    row('outcome', 'one'),
    row('outcome', 'two'),
  ];
  expect(openIntents(rows, later + 1_000).map((intent) => intent.at)).toEqual([at('10:00:00.500')]);
});

test('a read, which has one row, is never open', () => {
  expect(openIntents([row('call', 'one')], later)).toEqual([]);
});

test('the oldest comes first', () => {
  const rows = [row('intent', 'b', '10:00:02.000'), row('intent', 'a', '10:00:01.000'), row('intent', 'c')];
  expect(openIntents(rows, later + 5_000).map(({ requestId }) => requestId)).toEqual(['c', 'a', 'b']);
});

test('in every order, as many are open as there are intents more than outcomes', () => {
  const ids = fc.constantFrom('one', 'two', 'three');
  const rows = fc.array(fc.tuple(fc.constantFrom('intent' as const, 'outcome' as const), ids), { maxLength: 30 });
  fc.assert(
    fc.property(rows, (seen) => {
      const watch = watchIntents();
      for (const [phase, id] of seen) watch.see(row(phase, id));
      for (const id of ['one', 'two', 'three']) {
        const count = (phase: string) => seen.filter((each) => each[0] === phase && each[1] === id).length;
        const open = watch.open(later).filter(({ requestId }) => requestId === id).length;
        expect(open).toBe(Math.max(0, count('intent') - count('outcome')));
      }
    }),
  );
});
