import { createHash, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Leaf } from '../../../functions/core/audit/checkpoint.ts';
import { keyId } from '../../../functions/core/audit/checkpoint.ts';
import type { ReadCheckpoint } from '../../../functions/core/audit/checkpoint-item.ts';
import { checkpointLine, recordLine } from '../../../functions/core/audit/export-lines.ts';
import type { Entry } from '../../../functions/core/audit/verify-records.ts';
import { Problem } from '../../problem.ts';
import type { AuditStack } from './audit-stack.ts';
import { type Manifest, manifestText } from './manifest.ts';
import { type Asked, lastLeaves, periodOf, rowsOf } from './period.ts';
import { pemOf } from './public-keys.ts';

/** What was exported, and what the seal found on the way. */
export type Exported = { readonly manifest: Manifest; readonly broken: string | undefined };

/** Runs of the seal before an export, at most: each seals two thousand streams. */
const mostRuns = 50;

/**
 * Seals the log and writes a period of it to a directory: every row up to its stream's sealed head, so that nothing in
 * the export is without a checkpoint. Of a stream that was found broken everything is written, as it is.
 *
 * @throws Problem when the directory is not empty, or the log cannot be sealed
 */
export async function exportAudit(
  stack: AuditStack,
  { directory, asked, seal }: { readonly directory: string; readonly asked: Asked; readonly seal: boolean },
): Promise<Exported> {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new Problem(`${directory} is not empty. An export is written once: name another directory.`);
  }
  const broken = seal ? await sealAll(stack) : undefined;
  const exportedAt = new Date().toISOString();
  const period = await periodOf(stack.reader, asked, exportedAt.slice(0, 10));
  const { from, to, checkpoints } = period;
  const inPeriod = [...lastLeaves(checkpoints).values()].filter(([date]) => date >= from && date <= to);
  const last = checkpoints.findLast((read) => read.ok);
  const through = checkpoints.findLast((read) => read.ok && read.value.parsed.next === undefined);
  // Beside its place, and moved there when it is whole: an export that was interrupted is none.
  const partial = `${resolve(directory)}.partial`;
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  const rows = rowsOf(
    stack.reader,
    period,
    inPeriod.map(([date, stream]) => [date, stream]),
  );
  const [key, ...former] = await stack.publicKeys();
  const manifest: Manifest = {
    format: 'gatehouse-audit-export/v1',
    origin: last?.ok ? last.value.parsed.origin : null,
    period: { from, to, sealedThrough: through?.ok ? through.value.parsed.since : null },
    exportedAt,
    key: namedKey(key),
    ...(former.length > 0 && { formerKeys: former.map(namedKey) }),
    files: {
      'checkpoints.jsonl': await write(partial, 'checkpoints.jsonl', checkpoints.map(lineOf)),
      'records.jsonl': await write(partial, 'records.jsonl', sealedLines(rows, inPeriod, brokenIn(checkpoints))),
    },
  };
  writeFileSync(join(partial, 'manifest.json'), manifestText(manifest), { mode: 0o600 });
  renameSync(partial, resolve(directory));
  return { manifest, broken };
}

function namedKey(key: KeyObject) {
  return { id: keyId(key), pem: pemOf(key) };
}

async function sealAll(stack: AuditStack): Promise<string | undefined> {
  for (let runs = 1; ; runs++) {
    const { behind, broken } = await stack.seal();
    if (!behind) return broken;
    if (runs === mostRuns) throw new Problem(`The log is still not sealed after ${runs} runs. Run it again.`);
  }
}

/** A row that is no checkpoint is told with its number, so that an export hides nothing. */
function lineOf(read: ReadCheckpoint): string {
  return read.ok
    ? checkpointLine(read.value)
    : JSON.stringify({ malformed: read.error.detail, n: read.error.n ?? null });
}

function brokenIn(checkpoints: readonly ReadCheckpoint[]): ReadonlySet<string> {
  return new Set(
    checkpoints.flatMap((read) => (read.ok ? (read.value.parsed.broken ?? []) : [])).map(([, stream]) => stream),
  );
}

async function* sealedLines(
  rows: AsyncIterable<Entry>,
  leaves: readonly Leaf[],
  broken: ReadonlySet<string>,
): AsyncIterable<string> {
  const heads = new Map(leaves.map(([, stream, seq]) => [stream, seq]));
  for await (const entry of rows) {
    const { stream = '', read } = entry;
    const n = (read.ok ? read.value.n : read.error.seq) ?? 0;
    if (n <= (heads.get(stream) ?? 0) || broken.has(stream)) yield recordLine(entry);
  }
}

async function write(directory: string, name: string, lines: AsyncIterable<string> | Iterable<string>) {
  const hash = createHash('sha256');
  const file = createWriteStream(join(directory, name), { mode: 0o600 });
  let count = 0;
  for await (const line of lines) {
    const text = `${line}\n`;
    hash.update(text);
    count++;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return { lines: count, sha256: hash.digest('hex') };
}
