import { trusted } from '../../../functions/core/audit/checkpoint.ts';
import type { ReadCheckpoint } from '../../../functions/core/audit/checkpoint-item.ts';
import { checkpointLine } from '../../../functions/core/audit/export-lines.ts';
import type { Finding } from '../../../functions/core/audit/finding.ts';
import { closingOf, type Proof, prove } from '../../../functions/core/audit/prove.ts';
import type { AuditStack } from './audit-stack.ts';
import { periodOf, rowsOf } from './period.ts';
import { pemOf } from './public-keys.ts';
import type { ExportDemand } from './read-export.ts';

/** A log that is sealed every five minutes may lack this much at its end, in milliseconds. */
const unsealedMs = 15 * 60_000;

/** Copies that are fetched at the same time. */
const atOnce = 16;

/**
 * Proves a period of a running stack's log, from the table, and compares each checkpoint with its locked copy. Rows that
 * came after the last checkpoint are counted and told.
 */
export async function proveLive(stack: AuditStack, { pems, ...asked }: ExportDemand): Promise<Proof> {
  const now = Date.now();
  const today = new Date(now).toISOString().slice(0, 10);
  const period = await periodOf(stack.reader, asked, today);
  const { from, to, checkpoints } = period;
  const required = [closingOf(to), new Date(now - unsealedMs).toISOString()].sort()[0] ?? today;
  return prove({
    checkpoints,
    entries: (sealed) => rowsOf(stack.reader, { from, to }, sealed),
    keys: trusted(pems.length > 0 ? pems : (await stack.publicKeys()).map(pemOf)),
    keysGiven: true,
    origin: undefined,
    from,
    to,
    required,
    tail: 'allowed',
    findings: await compareCopies(stack, checkpoints),
  });
}

/** What the locked copies say otherwise. The newest may be on its way; one that follows the table's last must not be there. */
async function compareCopies(stack: AuditStack, checkpoints: readonly ReadCheckpoint[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const lines = checkpoints.flatMap((read) =>
    read.ok ? [[read.value.parsed.n, checkpointLine(read.value)] as const] : [],
  );
  const newest = await newestNumber(stack);
  for (let at = 0; at < lines.length; at += atOnce) {
    const some = lines.slice(at, at + atOnce);
    const copies = await Promise.all(some.map(([n]) => stack.copyOf(n)));
    for (const [index, [n, line]] of some.entries()) {
      const copy = copies[index];
      if (copy === line || (copy === undefined && n === newest)) continue;
      const detail =
        copy === undefined ? `checkpoint ${n} has no locked copy` : `checkpoint ${n} is not what its locked copy is`;
      findings.push({ verdict: copy === undefined ? 'incomplete' : 'tampered', reason: 'copy', detail, checkpoint: n });
    }
  }
  const next = newest + 1;
  // Asked again, in case the seal has just run.
  if ((await stack.copyOf(next)) !== undefined && (await newestNumber(stack)) < next) {
    const detail = `checkpoint ${next} has a locked copy, and the log ends with ${newest}: its end was cut off`;
    findings.push({ verdict: 'tampered', reason: 'copy', detail, checkpoint: next });
  }
  return findings;
}

async function newestNumber(stack: AuditStack): Promise<number> {
  for await (const read of stack.reader.checkpoints(1)) return (read.ok ? read.value.parsed.n : read.error.n) ?? 0;
  return 0;
}
