import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BrokenStream,
  byStream,
  type SignedCheckpoint,
  type TrustedKeys,
  trusted,
} from '../../../functions/core/audit/checkpoint.ts';
import { checkpointLine, checkpointOf, entryOf } from '../../../functions/core/audit/export-lines.ts';
import { closingOf, type Proof, type ProofInput, prove } from '../../../functions/core/audit/prove.ts';
import { verifyExportIndependently } from '../../support/verify-export-independently.ts';
import { today } from './builders.ts';
import {
  checkpointAfter,
  checkpoints,
  keys,
  type Lines,
  leafOf,
  names,
  pem,
  streams,
  through,
  whole,
} from './sealed-log.ts';
import { tamperedCheckpoints } from './tampered-checkpoints.ts';
import { tamperedRecords } from './tampered-records.ts';

/**
 * What somebody may do to an export, and the verdict: each case by the verifier, and by the one that was written from the
 * README alone. `npm run test:audit` prints one line for each.
 */

function provedLines(lines: Lines, changed: Partial<ProofInput> = {}, trust: TrustedKeys = keys): Promise<Proof> {
  return prove({
    checkpoints: lines.checkpoints.map(checkpointOf),
    entries: async function* () {
      yield* lines.records.map(entryOf);
    },
    keys: trust,
    keysGiven: true,
    origin: undefined,
    from: today,
    to: today,
    required: through,
    tail: 'none',
    ...changed,
  });
}

const independently = (lines: Lines) => verifyExportIndependently(lines, pem, through);

describe('a sealed log in which somebody changed', () => {
  const cases = [...tamperedRecords, ...tamperedCheckpoints];
  const titled = cases.map(([id, what, lines, verdict, where]) => [id, what, verdict, where, lines] as const);
  test.each(titled)('%s %s: %s', async (_id, _what, verdict, where, lines) => {
    const proof = await provedLines(lines);
    expect({ verdict: proof.verdict, where: whereOf(proof) }).toEqual({
      verdict,
      where: expect.stringContaining(where),
    });
    expect(independently(lines)).toBe(verdict);
  });
});

/** The first finding: its code, and the stream and record or the checkpoint it is about. */
function whereOf({ findings: [finding] }: Proof): string {
  const { reason = '', stream, record, checkpoint } = finding ?? {};
  return [reason, ...(record === undefined ? [checkpoint] : checkpoint === undefined ? [stream, record] : [checkpoint])]
    .filter((part) => part !== undefined)
    .join(' ');
}

describe('B any single bit', () => {
  const flipped = (lines: readonly string[], which: number) => {
    const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
    const bit = which % (bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const text = bytes.toString('utf8');
    return (text.endsWith('\n') ? text.slice(0, -1) : `${text} without its end`).split('\n');
  };
  test.each(['records', 'checkpoints'] as const)('of the %s that is flipped is found', async (file) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (which) => {
        const lines = { ...whole, [file]: flipped(whole[file], which) };
        expect((await provedLines(lines)).verdict).toBe('tampered');
        expect(independently(lines)).toBe('tampered');
      }),
      { numRuns: 400 },
    );
  });
});

describe('K the key', () => {
  test('that came with the log is no proof', async () => {
    const proof = await provedLines(whole, { keysGiven: false });
    expect(proof).toMatchObject({ verdict: 'incomplete', keyChecked: false, findings: [{ reason: 'key' }] });
  });

  test('that is another one refuses every checkpoint', async () => {
    expect(await provedLines(whole, {}, new Map())).toMatchObject({
      verdict: 'tampered',
      findings: [{ reason: 'signature', checkpoint: 1 }, { reason: 'signature' }, { reason: 'signature' }, {}, {}],
    });
  });
});

describe('K after a rotation', () => {
  const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const nextPem = next.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const [first, second] = checkpoints as [SignedCheckpoint, SignedCheckpoint];
  const third = checkpointAfter(second, [leafOf(streams.a, 6), leafOf(streams.c, 3)], {}, next);
  const rotated: Lines = { ...whole, checkpoints: [first, second, third].map(checkpointLine) };

  test.each([
    ['both keys', [nextPem, pem], 'whole'],
    ['both keys, in the other order', [pem, nextPem], 'whole'],
    ['the new key alone', [nextPem], 'tampered'],
    ['the old key alone', [pem], 'tampered'],
  ] as const)('the row of checkpoints is proved with %s', async (_, pems, verdict) => {
    expect((await provedLines(rotated, {}, trusted(pems))).verdict).toBe(verdict);
    expect(verifyExportIndependently(rotated, pems.join(''), through)).toBe(verdict);
  });
});

describe('D a period', () => {
  const brokenOf = (date: string, brokenStreams = 1): Lines => {
    const [first, second, third] = checkpoints as [SignedCheckpoint, SignedCheckpoint, SignedCheckpoint];
    const broken: BrokenStream[] = [[date, names[2], 2, 'hash']];
    const last = checkpointAfter(second, third.leaves, { brokenStreams, broken });
    return { ...whole, checkpoints: [first, second, last].map(checkpointLine) };
  };

  test('is not judged by what was broken on another day, as long as all of it is named', async () => {
    expect(await provedLines(brokenOf(today))).toMatchObject({ verdict: 'tampered' });
    expect(await provedLines(brokenOf('2025-11-21'))).toMatchObject({ verdict: 'whole' });
    expect(await provedLines(brokenOf('2025-11-21', 21))).toMatchObject({
      verdict: 'tampered',
      findings: [{ detail: 'when checkpoint 3 was made, 20 more streams were not whole' }],
    });
  });

  test('may be less than what the files hold', async () => {
    expect(await provedLines(whole, { from: '2025-11-21', to: '2025-11-21' })).toMatchObject({
      verdict: 'whole',
      streams: 0,
      records: 0,
    });
  });

  test('needs no more than the checkpoint before it, and is closed a quarter of an hour into the next day', async () => {
    const [first] = checkpoints as [SignedCheckpoint];
    const earlier = { from: '2025-11-20', to: '2025-11-21' };
    const anchor = checkpointAfter(checkpointAfter(undefined, [], earlier), [], earlier);
    const sealed = checkpointAfter(anchor, [...first.leaves, leafOf(streams.c, 3)].sort(byStream));
    const rows = whole.records.filter((_, index) => index < 2 || index > 5);
    const lines = { records: rows, checkpoints: [anchor, sealed].map(checkpointLine) };
    const { since } = JSON.parse(sealed.note);
    expect(await provedLines(lines, { required: since })).toMatchObject({ verdict: 'whole', records: 7 });
    expect(closingOf(today)).toBe('2025-11-23T00:15:00.000Z');
    expect(await provedLines(lines, { required: closingOf(today) })).toMatchObject({ verdict: 'incomplete' });
  });
});

test('P the report says what was looked at', async () => {
  expect(await provedLines(whole)).toEqual({
    verdict: 'whole',
    origin: 'gatehouse-test/eu-west-1/111122223333',
    period: { from: today, to: today, sealedThrough: through },
    streams: 3,
    records: 11,
    checkpoints: { count: 3, first: 1, last: 3 },
    keys: [...keys.keys()],
    keyChecked: true,
    unsealed: { records: 0, oldest: null },
    openWrites: [],
    findings: [],
  });
});
