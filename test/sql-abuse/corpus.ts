import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * Hostile SQL, to be treated as data only. `corpus.jsonl` beside this file is always there; the larger corpus is added
 * where CORPORA_DIRECTORY names the directory that holds it.
 */
const line = z.object({ id: z.string(), category: z.string(), text: z.string() });
export type AbuseLine = z.infer<typeof line>;

function readLines(path: string): readonly AbuseLine[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((json) => line.parse(JSON.parse(json)));
}

/** Ours: each class of abuse, and some harmless statements, which a guard that refuses everything would fail. */
export const ownLines = readLines(join(import.meta.dirname, 'corpus.jsonl'));

const larger = join(process.env.CORPORA_DIRECTORY ?? '', 'sql-abuse.jsonl');

/** Other people's, where this machine has them: a throw-away database, an unprivileged login, a statement timeout. */
const largerLines = process.env.CORPORA_DIRECTORY !== undefined && existsSync(larger) ? readLines(larger) : [];

/** The name of a suite says which lines it ran, and why not more. */
export const WHICH =
  largerLines.length > 0
    ? `${ownLines.length} lines of our own and ${largerLines.length} of the larger corpus`
    : `${ownLines.length} lines of our own (the larger corpus is skipped: CORPORA_DIRECTORY does not name it)`;

export const allLines: readonly AbuseLine[] = [...ownLines, ...largerLines];

/** Lines that end or stop other sessions: beside others they would spoil what those show. */
const DISTURBING = /terminate|cancel_backend/i;

/** Runs `work` over the lines, a few at a time; those that disturb others come last and alone. */
export async function eachLine(lines: readonly AbuseLine[], work: (line: AbuseLine) => Promise<void>): Promise<void> {
  const queue = lines.filter(({ text }) => !DISTURBING.test(text));
  const next = async (): Promise<void> => {
    for (let line = queue.shift(); line !== undefined; line = queue.shift()) await work(line);
  };
  await Promise.all(Array.from({ length: 8 }, next));
  for (const line of lines) if (DISTURBING.test(line.text)) await work(line);
}
