import { Problem } from '../../problem.ts';
import { isObject, type Json, type JsonObject, listOf } from '../template/json.ts';
import { type Condition, parseConditions, type Refuse } from './conditions.ts';
import { arnPattern, type Matches, wildcard } from './pattern.ts';
import { type PrincipalPattern, parsePrincipals } from './principals.ts';

/** One statement of a policy, read and ready to be asked. */
export type Statement = {
  /** Where it is written, for messages. */
  readonly source: string;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined in a policy that is attached to a role: there the role is who it is about. */
  readonly principals: readonly PrincipalPattern[] | undefined;
  readonly action: Matches;
  readonly resource: Matches;
  readonly conditions: readonly Condition[];
};

/**
 * Attached to a role ("identity"), to a resource ("resource"), or the trust policy of a role, which says who may assume
 * it and names no resource because the role is it.
 */
export type PolicyKind = 'identity' | 'resource' | 'trust';

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'Condition']);

/**
 * Reads a policy document whole, so that nothing in it can turn out to be unknown during a request. "Does not match" is
 * no safe answer for what is not understood: it would let a Deny pass.
 *
 * @param document the policy, all intrinsics resolved
 * @param source what the policy belongs to, for messages
 * @throws Problem that names the source and the element which is not understood
 */
export function parsePolicy(document: Json, kind: PolicyKind, source: string): readonly Statement[] {
  const refuse: Refuse = (what) =>
    new Problem(`${source}: the policy has ${what}, which the local cloud does not evaluate. It never guesses.`);
  if (!isObject(document)) throw refuse('no document');
  // The older version reads policy variables as text; nothing should still be written in it.
  if (document.Version !== '2012-10-17') throw refuse(`the version ${JSON.stringify(document.Version)}`);
  return listOf(document.Statement).map((statement) => parseStatement(statement, kind, source, refuse));
}

function parseStatement(statement: Json, kind: PolicyKind, source: string, refuse: Refuse): Statement {
  if (!isObject(statement)) throw refuse('a statement that is no object');
  const unknown = Object.keys(statement).find((element) => !ELEMENTS.has(element));
  if (unknown) throw refuse(`the element "${unknown}"`);
  const effect = statement.Effect;
  if (effect !== 'Allow' && effect !== 'Deny') throw refuse(`the effect ${JSON.stringify(effect)}`);
  if ((kind === 'identity') === Object.hasOwn(statement, 'Principal')) {
    throw refuse(kind === 'identity' ? 'a Principal, though a role is what it is attached to' : 'no Principal');
  }
  return {
    source,
    effect,
    principals: kind === 'identity' ? undefined : parsePrincipals(statement.Principal, refuse),
    action: eitherOf(statement, 'Action', 'NotAction', actionPattern, refuse),
    resource: kind === 'trust' ? () => true : eitherOf(statement, 'Resource', 'NotResource', resourcePattern, refuse),
    conditions: parseConditions(statement.Condition, refuse),
  };
}

type Compile = (pattern: string, refuse: Refuse) => Matches;

/** `Action` or `NotAction`, `Resource` or `NotResource`: exactly one of the two. */
function eitherOf(statement: JsonObject, name: string, negated: string, compile: Compile, refuse: Refuse): Matches {
  const isNegated = Object.hasOwn(statement, negated);
  if (isNegated === Object.hasOwn(statement, name)) throw refuse(`not exactly one of ${name} and ${negated}`);
  const patterns = listOf(statement[isNegated ? negated : name]);
  if (patterns.length === 0) throw refuse(`an empty ${name}`);
  const matchers = patterns.map((pattern) => {
    if (typeof pattern !== 'string') throw refuse(`${JSON.stringify(pattern)} as ${name}`);
    if (pattern.includes('${')) throw refuse(`the policy variable in "${pattern}"`);
    return compile(pattern, refuse);
  });
  return (text) => matchers.some((matches) => matches(text)) !== isNegated;
}

/** IAM compares actions without case. */
function actionPattern(pattern: string, refuse: Refuse): Matches {
  if (pattern !== '*' && !/^[\w-]+:[\w*?]+$/.test(pattern)) throw refuse(`"${pattern}" as Action`);
  return wildcard(pattern, { ignoreCase: true });
}

function resourcePattern(pattern: string, refuse: Refuse): Matches {
  if (pattern === '*') return () => true;
  const matches = arnPattern(pattern);
  if (!matches) throw refuse(`"${pattern}" as Resource, which is neither * nor an ARN`);
  return matches;
}
