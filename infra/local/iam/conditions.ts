import { isObject, type Json, listOf } from '../template/json.ts';
import { type ConditionKey, type Context, conditionKey } from './condition-keys.ts';
import { arnPattern, type Matches, wildcard } from './pattern.ts';

/** One condition block, read: true when the request meets all of it. */
export type Condition = (context: Context) => boolean;

/** Makes the error for something in a policy that is not understood. */
export type Refuse = (what: string) => Error;

type Operator = { readonly negated: boolean; readonly compile: (value: string, refuse: Refuse) => Matches };

const equals = (value: string): Matches => {
  return (text) => text === value;
};
const equalsIgnoringCase = (value: string): Matches => {
  return (text) => text.toLowerCase() === value.toLowerCase();
};
const like = (value: string): Matches => wildcard(value);
const arn = (value: string, refuse: Refuse): Matches => {
  const matches = arnPattern(value);
  if (!matches) throw refuse(`"${value}" where an ARN is needed`);
  return matches;
};
const bool = (value: string, refuse: Refuse): Matches => {
  if (value !== 'true' && value !== 'false') throw refuse(`"${value}" where true or false is needed`);
  return equals(value);
};
const numeric = (compare: (have: number, want: number) => boolean) => {
  return (value: string, refuse: Refuse): Matches => {
    const want = Number(value);
    if (value.trim() === '' || !Number.isFinite(want)) throw refuse(`"${value}" where a number is needed`);
    return (text) => compare(Number(text), want);
  };
};

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', { negated: false, compile: equals }],
  ['StringNotEquals', { negated: true, compile: equals }],
  ['StringEqualsIgnoreCase', { negated: false, compile: equalsIgnoringCase }],
  ['StringNotEqualsIgnoreCase', { negated: true, compile: equalsIgnoringCase }],
  ['StringLike', { negated: false, compile: like }],
  ['StringNotLike', { negated: true, compile: like }],
  ['ArnEquals', { negated: false, compile: arn }],
  ['ArnLike', { negated: false, compile: arn }],
  ['ArnNotEquals', { negated: true, compile: arn }],
  ['ArnNotLike', { negated: true, compile: arn }],
  ['Bool', { negated: false, compile: bool }],
  ['NumericEquals', { negated: false, compile: numeric((have, want) => have === want) }],
  ['NumericNotEquals', { negated: true, compile: numeric((have, want) => have === want) }],
  ['NumericLessThan', { negated: false, compile: numeric((have, want) => have < want) }],
  ['NumericLessThanEquals', { negated: false, compile: numeric((have, want) => have <= want) }],
  ['NumericGreaterThan', { negated: false, compile: numeric((have, want) => have > want) }],
  ['NumericGreaterThanEquals', { negated: false, compile: numeric((have, want) => have >= want) }],
]);

/**
 * Reads the `Condition` of a statement: every operator and every key in it must hold, and any one of a key's values.
 *
 * @throws what `refuse` makes of an operator, key or value that the local cloud does not know
 */
export function parseConditions(block: Json | undefined, refuse: Refuse): readonly Condition[] {
  if (block === undefined) return [];
  if (!isObject(block)) throw refuse('a Condition that is no object');
  return Object.entries(block).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw refuse(`the operator "${operator}" without keys`);
    return Object.entries(keys).map(([key, values]) => parseCondition(operator, key, listOf(values), refuse));
  });
}

function parseCondition(text: string, keyName: string, given: readonly Json[], refuse: Refuse): Condition {
  const key = conditionKey(keyName);
  if (!key) throw refuse(`the condition key "${keyName}"`);
  const values = given.map((value) => literalOf(value, refuse));
  const [, set, name = '', suffix] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text) ?? [];
  if (name === 'Null' && !set && !suffix) return nullCondition(key, values, refuse);
  const operator = OPERATORS.get(name);
  if (!operator) throw refuse(`the condition operator "${text}"`);
  // Without a set operator IAM's answer for a list is not defined, so a policy may not depend on it.
  if (key.values === 'list' && !set)
    throw refuse(`"${text}" on "${key.name}", which needs ForAllValues or ForAnyValue`);
  const matchers = values.map((value) => operator.compile(value, refuse));
  const holds = (have: string) => matchers.some((matches) => matches(have)) !== operator.negated;
  const whenAbsent = set === 'ForAllValues' || suffix === 'IfExists' || (operator.negated && set === undefined);
  return (context) => {
    const have = valuesOf(context, key);
    if (have.length === 0) return whenAbsent;
    return set === 'ForAllValues' ? have.every(holds) : have.some(holds);
  };
}

/** `Null: true` asks that the key is absent, `Null: false` that it is there. */
function nullCondition(key: ConditionKey, values: readonly string[], refuse: Refuse): Condition {
  const matchers = values.map((value) => bool(value, refuse));
  return (context) => {
    const absent = valuesOf(context, key).length === 0;
    return matchers.some((matches) => matches(String(absent)));
  };
}

function valuesOf(context: Context, key: ConditionKey): readonly string[] {
  const value = Object.hasOwn(context, key.name) ? context[key.name] : undefined;
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** JSON policies write true and 30 as often as "true" and "30". A policy variable would be text here and never match. */
function literalOf(value: Json, refuse: Refuse): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw refuse(`the condition value ${JSON.stringify(value)}`);
  }
  const text = String(value);
  if (text.includes('${')) throw refuse(`the policy variable in "${text}"`);
  return text;
}
