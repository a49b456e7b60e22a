import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * Hostile strings, to be treated as data only. `corpus.jsonl` beside this file is always there; the larger corpora are
 * added when CORPORA_DIRECTORY names the directory that holds them.
 */
const line = z.object({ id: z.string(), text: z.string() });
export type CorpusLine = z.infer<typeof line>;

const larger = ['fence-forgery.jsonl', 'naughty-strings.jsonl', 'injection.jsonl'];

/** The directory of the larger corpora, where this machine has one. */
export const corporaDirectory = process.env.CORPORA_DIRECTORY;

export const corpus: readonly CorpusLine[] = [
  new URL('corpus.jsonl', import.meta.url).pathname,
  ...(corporaDirectory === undefined ? [] : larger.map((name) => join(corporaDirectory, name))),
]
  .filter((path) => existsSync(path))
  .flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'))
  .map((json) => line.parse(JSON.parse(json)));

/** Our own lines and every tenth of the larger corpora, for what asks for dozens of requests a line. */
export const fewer: readonly CorpusLine[] = corpus.filter(({ id }, at) => id.startsWith('own-') || at % 10 === 0);
