import { createHash, createPublicKey, verify } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * A second verifier of an export, written from functions/core/audit/README.md alone and sharing no code with the first:
 * what an auditor would write. If the two disagree, the README or the code is wrong.
 */
type Line = { note: string; signature: string; leaves: [day: string, stream: string, n: number, hash: string][] };
type Row = { s: string; n: number; p: string; t: string; h: string };
type Note = Record<string, string | number | undefined>;
type Lines = { readonly records: readonly string[]; readonly checkpoints: readonly string[] };
const sha256 = (...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const hashOf = (text: string) => sha256(text).toString('base64url');
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function treeHash(leaves: string[]): Buffer {
  if (leaves.length < 2) return leaves.length === 0 ? sha256() : sha256(Uint8Array.of(0), leaves[0] ?? '');
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(Uint8Array.of(1), treeHash(leaves.slice(0, left)), treeHash(leaves.slice(left)));
}

function read<T>(text: string): T {
  const value = JSON.parse(text);
  must(canonicalize(value) === text, 'not canonical');
  return value;
}

/** @param pem one public key after another: any of them may have signed */
export function verifyExportIndependently(lines: Lines, pem: string, sealedThrough: string) {
  try {
    return isComplete(lines, pem, sealedThrough) ? 'whole' : 'incomplete';
  } catch {
    return 'tampered';
  }
}

/** Whether nothing is missing. @throws Error when something was changed */
function isComplete(files: Lines, pem: string, sealedThrough: string): boolean {
  const blocks = pem.split(/(?<=-----END PUBLIC KEY-----)\s+(?=-)/).map((each) => createPublicKey(each));
  const keys = new Map(blocks.map((key) => [sha256(key.export({ type: 'spki', format: 'der' })).toString('hex'), key]));
  const sealed = new Map<string, { day: string; heads: Map<number, string>; last: number }>();
  const before = { n: 0, hash: '', ts: '', through: '', first: 0 };
  for (const { note: text, signature, leaves } of files.checkpoints.map(read<Line>)) {
    const note = read<Note>(text);
    const bytes = Buffer.from(signature, 'base64');
    const key = keys.get(String(note.key));
    must(note.type === 'audit-checkpoint/v1' && bytes.toString('base64') === signature, 'note');
    must(key !== undefined && verify('sha256', Buffer.from(text), key, bytes), 'signature');
    must(treeHash(leaves.map((leaf) => JSON.stringify(leaf))).toString('base64url') === note.root, 'root');
    const order = leaves.map(([day, stream]) => `${day} ${stream}`);
    const sorted = order.every((each, at) => at === 0 || (order[at - 1] ?? '') < each);
    must(sorted && leaves.length === note.leaves && note.broken === undefined, 'leaves');
    if (before.n > 0)
      must(note.n === before.n + 1 && note.prev === before.hash && String(note.ts) >= before.ts, 'chain');
    else must(note.n !== 1 || note.prev === hashOf(`checkpoint/v1|${note.origin}`), 'the first');
    for (const [day, stream, n, hash] of leaves) {
      const known = sealed.get(stream) ?? { day, heads: new Map(), last: 0 };
      must(known.day === day && n > known.last, 'a stream shrank');
      sealed.set(stream, { day, heads: known.heads.set(n, hash), last: n });
    }
    Object.assign(before, { n: note.n, hash: hashOf(text), ts: note.ts, first: before.first || note.n });
    if (note.next === undefined) before.through = String(note.since);
  }
  const seen = new Map<string, Row>();
  const walk = { stream: '', unsealed: 0 };
  for (const { h, ...row } of files.records.map(read<Row>)) {
    const { day = row.t.slice(0, 10), heads, last = 0 } = sealed.get(row.s) ?? {};
    const previous = seen.get(row.s) ?? { n: 0, h: hashOf(`stream/v1|${day}|${row.s}`), t: day };
    must(row.s === walk.stream || !seen.has(row.s), 'a stream in two places');
    must(row.n === previous.n + 1 && row.p === previous.h && row.t >= previous.t && row.t.startsWith(day), 'chain');
    must(h === hashOf(`rec/v1${canonicalize(row)}`) && (heads?.get(row.n) ?? h) === h, 'not what was sealed');
    if (row.n > last) walk.unsealed++;
    seen.set(row.s, { ...row, h });
    walk.stream = row.s;
  }
  for (const [stream, { last }] of sealed) must((seen.get(stream)?.n ?? 0) >= last, 'records are missing');
  return before.first === 1 && walk.unsealed === 0 && before.through >= sealedThrough;
}
