import type { Note, SignedCheckpoint } from '../../../functions/core/audit/checkpoint.ts';
import { checkpointLine } from '../../../functions/core/audit/export-lines.ts';
import { today } from './builders.ts';
import { checkpointAfter, checkpoints, forgedAfter, type Lines, leafOf, names, streams, whole } from './sealed-log.ts';
import type { Case } from './tampered-records.ts';

const c = names[2];
const [first, second, third] = checkpoints as readonly [SignedCheckpoint, SignedCheckpoint, SignedCheckpoint];

const withCheckpoints = (list: readonly SignedCheckpoint[]): Lines => ({
  ...whole,
  checkpoints: list.map(checkpointLine),
});
const noteOf = ({ note }: SignedCheckpoint) => JSON.parse(note) as Note;
const changedNote = (checkpoint: SignedCheckpoint, change: Partial<Note>): SignedCheckpoint => {
  const note = JSON.stringify({ ...noteOf(checkpoint), ...change });
  return { ...checkpoint, note };
};
const other = 'gatehouse-other/eu-west-1/111122223333';

/** What somebody may do to the checkpoints of an export. */
export const tamperedCheckpoints: readonly Case[] = [
  [
    'C1',
    'a byte of a note',
    withCheckpoints([first, changedNote(second, { records: 7 }), third]),
    'tampered',
    'signature 2',
  ],
  [
    'C18',
    'a signature, with a space that means nothing',
    withCheckpoints([first, { ...second, signature: `${second.signature} ` }, third]),
    'tampered',
    'signature 2',
  ],
  [
    'C2',
    'a checkpoint signed with another key',
    withCheckpoints([first, second, forgedAfter(second, third.leaves)]),
    'tampered',
    'signature 3',
  ],
  [
    'C3',
    'a checkpoint signed with another key, in the name of the right one',
    withCheckpoints([first, second, forgedAfter(second, third.leaves, { key: noteOf(first).key })]),
    'tampered',
    'signature 3',
  ],
  [
    'C4',
    'a leaf of a checkpoint',
    withCheckpoints([first, { ...second, leaves: [leafOf(streams.a, 3)] }, third]),
    'tampered',
    'leaves 2',
  ],
  [
    'C5',
    'a leaf taken out of a checkpoint',
    withCheckpoints([first, second, { ...third, leaves: third.leaves.slice(0, 1) }]),
    'tampered',
    'leaves 3',
  ],
  ['C6', 'a checkpoint dropped from the middle', withCheckpoints([first, third]), 'tampered', 'missing 3'],
  ['C7', 'the first checkpoint dropped', withCheckpoints([second, third]), 'incomplete', 'missing 1'],
  ['C8', 'every checkpoint dropped', withCheckpoints([]), 'incomplete', 'unsealed'],
  [
    'C9',
    'an old checkpoint replayed at the end',
    withCheckpoints([first, second, third, second]),
    'tampered',
    'replayed 2',
  ],
  [
    'C10',
    'an old checkpoint in place of a newer one',
    withCheckpoints([first, second, second]),
    'tampered',
    'replayed 2',
  ],
  ['C11', 'two checkpoints swapped', withCheckpoints([first, third, second]), 'tampered', 'missing 3'],
  [
    'C12',
    'a checkpoint of another log spliced in',
    withCheckpoints([
      first,
      second,
      checkpointAfter(
        checkpointAfter(checkpointAfter(undefined, [], { origin: other }), [], { origin: other }),
        third.leaves,
        { origin: other },
      ),
    ]),
    'tampered',
    'previous 3',
  ],
  [
    'C13',
    'a checkpoint that lets a stream shrink, signed with the right key',
    withCheckpoints([first, second, checkpointAfter(second, [leafOf(streams.a, 3), leafOf(streams.c, 3)])]),
    'tampered',
    'regressed 3',
  ],
  [
    'C14',
    'leaves out of order, signed with the right key',
    withCheckpoints([first, second, checkpointAfter(second, [...third.leaves].reverse())]),
    'tampered',
    'leaves 3',
  ],
  [
    'C15',
    'a checkpoint older than the one before, signed with the right key',
    withCheckpoints([first, second, checkpointAfter(second, third.leaves, { ts: `${today}T10:00:00.000Z` })]),
    'tampered',
    'time 3',
  ],
  [
    'C16',
    'rows mended after a checkpoint found their stream broken',
    withCheckpoints([
      first,
      second,
      checkpointAfter(second, third.leaves, { brokenStreams: 1, broken: [[today, c, 2, 'hash']] }),
    ]),
    'tampered',
    'reported 3',
  ],
  [
    'C17',
    'a last checkpoint that ends no reading',
    withCheckpoints([first, second, checkpointAfter(second, third.leaves, { next: [today, c] })]),
    'incomplete',
    'unsealed',
  ],
];
