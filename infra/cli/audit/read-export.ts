import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { trusted } from '../../../functions/core/audit/checkpoint.ts';
import { checkpointOf, entryOf } from '../../../functions/core/audit/export-lines.ts';
import type { Finding } from '../../../functions/core/audit/finding.ts';
import { closingOf, type Proof, prove } from '../../../functions/core/audit/prove.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { Asked } from './period.ts';

/** What is demanded of an export, beyond what it says of itself. */
export type ExportDemand = Asked & {
  /** The keys the auditor knows, as PEM; none when there are none to compare with. */
  readonly pems: readonly string[];
};

/**
 * Proves an export from its files alone. Without a key of the auditor's own its manifest's is used, and then the verdict
 * is "incomplete" at best.
 *
 * @throws Problem when the directory holds no export
 */
export async function proveExport(directory: string, { from, to, pems }: ExportDemand): Promise<Proof> {
  const manifest = readManifest(directory);
  const findings: Finding[] = [];
  const checkpoints: string[] = [];
  for await (const line of linesOf(directory, 'checkpoints.jsonl', manifest, findings)) checkpoints.push(line);
  const { period } = manifest;
  return prove({
    checkpoints: checkpoints.map(checkpointOf),
    entries: async function* () {
      for await (const line of linesOf(directory, 'records.jsonl', manifest, findings)) yield entryOf(line);
    },
    keys: trusted(pems.length > 0 ? pems : [manifest.key, ...(manifest.formerKeys ?? [])].map(({ pem }) => pem)),
    keysGiven: pems.length > 0,
    origin: undefined,
    from: from ?? period.from,
    to: to ?? period.to,
    required: to === undefined ? (period.sealedThrough ?? closingOf(period.to)) : closingOf(to),
    tail: 'none',
    findings,
  });
}

/** The lines of a file, and at its end, whether it is the file that the manifest was written for. */
async function* linesOf(
  directory: string,
  name: 'checkpoints.jsonl' | 'records.jsonl',
  manifest: Manifest,
  findings: Finding[],
): AsyncIterable<string> {
  const path = join(directory, name);
  if (!existsSync(path)) {
    findings.push({ verdict: 'incomplete', reason: 'file', detail: `${name} is not here` });
    return;
  }
  const hash = createHash('sha256');
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield textOf(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) yield `${textOf(rest)} (a line without its end)`;
  const { sha256 } = manifest.files[name];
  if (hash.digest('hex') === sha256) return;
  findings.push({
    verdict: 'tampered',
    reason: 'file',
    detail: `${name} is not the file that manifest.json describes`,
  });
}

/** Bytes that are no UTF-8 must not be read as the character that stands for them. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return '(a line that is no UTF-8)';
  }
}
