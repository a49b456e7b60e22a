import * as z from 'zod/mini';
import { ok, type Result, refuse } from '../../result.ts';
import { type Attribute, faultsOf, number, oneOf, S, string } from '../attributes.ts';
import { NEVER } from '../lifetimes.ts';
import type { ItemCorrupt } from '../store.ts';
import type { HostRules } from './rule.ts';

/**
 * The item `RULE#<host>` of the registry: who may come with a document from that host. `st` on | off, `rules` a list in
 * JSON. It has no `ttl`, and an `exp` at the end of time: a rule stands until the operator takes it away.
 */
export function ruleKey(host: string): string {
  return `RULE#${host}`;
}

export function ruleItem(host: string, { status, rules }: HostRules): Record<string, Attribute> {
  return {
    pk: string(ruleKey(host)),
    st: string(status),
    rules: string(JSON.stringify(rules)),
    exp: number(NEVER),
  };
}

const text = z.string().check(z.minLength(1));
const Rule = z.strictObject({
  url: z.string().check(z.regex(/^https:\/\/[^/]+\/./)),
  redirectUris: z.array(text).check(z.minLength(1)),
  ceiling: z.optional(z.array(text)),
  keysHost: z.optional(text),
  pinned: z.optional(text),
});
const Stored = z.object({ st: oneOf(['on', 'off']), rules: S });

export function readRuleItem(host: string, item: Readonly<Record<string, unknown>>): Result<HostRules, ItemCorrupt> {
  const corrupt = (detail: string) => refuse({ reason: 'item-corrupt', item: 'client', id: ruleKey(host), detail });
  const parsed = z.safeParse(Stored, item);
  if (!parsed.success) return corrupt(faultsOf(parsed.error));
  try {
    const rules = z.safeParse(z.array(Rule), JSON.parse(parsed.data.rules));
    return rules.success ? ok({ status: parsed.data.st, rules: rules.data }) : corrupt('rules');
  } catch {
    return corrupt('rules');
  }
}
