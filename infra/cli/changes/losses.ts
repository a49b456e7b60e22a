import { canonical, nameOf, references } from './readable.ts';
import type { ReplacementRules } from './replacement-rules.ts';
import { NOTHING, type Resource, type Stacks, type Template } from './templates.ts';

/** Something that holds state and would be lost, or stand without its protection. */
export type Loss = {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  readonly how: 'replaced' | 'maybe replaced' | 'removed' | 'unprotected';
  /** The properties that do it. Empty for a removal. */
  readonly because: readonly string[];
};

/**
 * The stateful resources that going from one set of templates to another replaces, removes or leaves unprotected. A stack
 * that is in `from` alone is left out: deploying an assembly touches no stack outside it.
 */
export function lossesBetween(from: Stacks, to: Stacks, rules: ReplacementRules): Loss[] {
  return [...to].flatMap(([stack, after]) => {
    const before = from.get(stack) ?? NOTHING;
    const replaced = replacements(before, after, rules);
    return Object.entries(before.Resources)
      .filter(([, { Type }]) => rules.isStateful(Type))
      .flatMap(([id, old]): Loss[] => {
        const about = { stack, id, type: old.Type };
        const now = Object.hasOwn(after.Resources, id) ? after.Resources[id] : undefined;
        if (now === undefined) return [{ ...about, how: 'removed', because: [] }];
        if (now.Type !== old.Type) return [{ ...about, how: 'replaced', because: ['Type'] }];
        const verdict = replaced.get(id);
        if (verdict) return [{ ...about, ...verdict }];
        const because = lostProtections(old, now);
        return because.length > 0 ? [{ ...about, how: 'unprotected', because }] : [];
      });
  });
}

type Verdict = Pick<Loss, 'how' | 'because'>;

/** By logical id. What refers to a replaced resource changes with it, so this goes on until nothing is added. */
function replacements(before: Template, after: Template, rules: ReplacementRules): ReadonlyMap<string, Verdict> {
  const found = new Map<string, Verdict>();
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [id, now] of Object.entries(after.Resources)) {
      const old = Object.hasOwn(before.Resources, id) ? before.Resources[id] : undefined;
      if (old === undefined || found.has(id)) continue;
      const verdict = now.Type === old.Type ? verdictOf(old, now, found, rules) : undefined;
      if (verdict) found.set(id, verdict);
    }
  }
  return found;
}

function verdictOf(old: Resource, now: Resource, found: ReadonlyMap<string, Verdict>, rules: ReplacementRules) {
  const properties = new Set([...Object.keys(old.Properties ?? {}), ...Object.keys(now.Properties ?? {})]);
  const changed = [...properties].filter(
    (name) =>
      canonical(old.Properties?.[name]) !== canonical(now.Properties?.[name]) ||
      references(now.Properties?.[name]).some((id) => found.has(id)),
  );
  const by = (rule: 'yes' | 'maybe') => changed.filter((name) => rules.replaces(now.Type, name) === rule);
  const surely = by('yes');
  const maybe = by('maybe');
  if (surely.length > 0) return { how: 'replaced', because: surely } as const;
  return maybe.length > 0 ? ({ how: 'maybe replaced', because: maybe } as const) : undefined;
}

/** What kept a resource from being deleted and no longer does. Turning it off is the first half of losing the data. */
function lostProtections(old: Resource, now: Resource): string[] {
  const policies = (['DeletionPolicy', 'UpdateReplacePolicy'] as const).filter(
    (name) => keeps(old[name]) && !keeps(now[name]),
  );
  const standing = protections(now.Properties);
  const switches = [...protections(old.Properties)].filter((path) => !standing.has(path));
  return [...policies, ...switches];
}

const keeps = (policy: string | undefined) => policy?.startsWith('Retain') ?? false;

/** The paths of all `DeletionProtection…` switches that are on. */
function protections(value: unknown, path = ''): ReadonlySet<string> {
  if (value === null || typeof value !== 'object') return new Set();
  const on = Object.entries(value).flatMap(([key, inner]) => {
    const here = path === '' ? key : `${path}.${key}`;
    if (/^DeletionProtection/.test(key)) return inner === true || inner === 'ACTIVE' ? [here] : [];
    return [...protections(inner, here)];
  });
  return new Set(on);
}

/** What losing a resource of ours means for people, by its name; and by its type for one that is not among these. */
export const CONSEQUENCES: ReadonlyMap<string, string> = new Map([
  ['Grants', 'everybody would have to sign in again'],
  ['Registry', 'every client would have to register again, and the operator’s decisions about clients are gone'],
  ['AuditTable', 'the audit log and its proof would end here'],
  ['AuditMacKey', 'nobody could tell any more whose arguments the audit log speaks of'],
  ['AuditSigningKey', 'what was sealed before could be proved with the old public key only'],
  ['AuditCheckpoints', 'the locked copies of the checkpoints would belong to no stack'],
  ['TokenKey', 'every access token would be refused until its client refreshes it'],
  ['DatabaseCluster', 'every row of the database would be gone'],
  ['DatabaseClusterWriter', 'the database would be away while it is made again'],
  ['DatabaseAdminSecret', 'the database and its password would no longer match'],
  ['DatabaseReaderSecret', 'read tools would have no password until the schema is deployed again'],
  ['DatabaseWriterSecret', 'write tools would have no password until the schema is deployed again'],
  ['PeopleUserPool', 'everybody would have to be invited again'],
  ['IdentitySecret', 'nobody could sign in until the provider’s client secret is put in again'],
  ['WorkosApiKey', 'nobody could sign in until the API key is put in again'],
  ['SignInSecret', 'nobody could sign in while it is filled again'],
  ['FrontDoorEdgeOriginSecret', 'requests through CloudFront would be refused until it knows the new one'],
  ['FrontDoorApi', 'the address of the server would be another one: every client would have to be given it'],
]);

const BY_TYPE: ReadonlyMap<string, string> = new Map([
  ['AWS::Logs::LogGroup', 'its log would end here'],
  ['AWS::Cognito::UserPoolGroup', 'everybody would have to be put into it again'],
]);

/** What a loss means, as the inside of a parenthesis. */
export function consequenceOf({ id, type }: Pick<Loss, 'id' | 'type'>): string {
  return CONSEQUENCES.get(nameOf(id)) ?? BY_TYPE.get(type) ?? 'what it holds would be lost';
}
