import canonicalize from 'canonicalize';
import * as z from 'zod';
import { ok, type Result, refuse } from '../result.ts';
import { type Definition, digestOf } from './digest.ts';

/**
 * `tools.lock`: what models are told, as it was reviewed. Text that changes under a tool's name is how a server that was
 * trusted yesterday misleads a model today ("tool poisoning", "rug pull"), so a change must be seen by a person before
 * it is deployed. The whole definition is in the file, not only its digest: the diff of a review then shows the words.
 */

/** What a client can be offered, with the group it has in the file. */
const GROUPS = { tool: 'tools', resource: 'resources', prompt: 'prompts' } as const;
export type Kind = keyof typeof GROUPS;
const KINDS = ['tool', 'resource', 'prompt'] as const satisfies readonly Kind[];

/** One thing on offer. Its digest is the one that the audit log writes. */
export type Offer = {
  readonly kind: Kind;
  readonly name: string;
  readonly digest: string;
  readonly definition: Definition;
};

const entry = z.strictObject({ digest: z.string(), definition: z.record(z.string(), z.json()) });
const group = z.record(z.string(), entry);
const file = z.strictObject({ version: z.literal(1), tools: group, resources: group, prompts: group });

/** The file's text: the same offers give the same bytes, whatever their order and that of their fields. */
export function writeLock(offers: readonly Offer[]): string {
  const groups = KINDS.map((kind) => {
    const entries = offers
      .filter((offer) => offer.kind === kind)
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, digest, definition }) => [name, { digest, definition: sorted(definition) }] as const);
    return [GROUPS[kind], Object.fromEntries(entries)] as const;
  });
  return `${JSON.stringify({ version: 1, ...Object.fromEntries(groups) }, null, 2)}\n`;
}

/** Why a lock cannot be used, as the end of a sentence that begins with the file's name. */
export type LockRefusal = string;

/** The offers of a file's text. A digest that is not that of its definition was written by hand, and proves nothing. */
export function readLock(text: string): Result<readonly Offer[], LockRefusal> {
  const parsed = file.safeParse(jsonOf(text));
  if (!parsed.success) return refuse('is not what `gatehouse tools lock` writes');
  const offers = KINDS.flatMap((kind) =>
    Object.entries(parsed.data[GROUPS[kind]]).map(([name, written]): Offer => ({ kind, name, ...written })),
  );
  const edited = offers.find(({ digest, definition }) => digest !== digestOf(definition));
  if (edited) return refuse(`has a digest for the ${edited.kind} "${edited.name}" that is not that of its definition`);
  return ok(offers);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Members in the order of RFC 8785, so that moving a field in a source file is no difference. */
function sorted(definition: Definition): unknown {
  return JSON.parse(canonicalize(definition) ?? '{}');
}
