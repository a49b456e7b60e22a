import { isObject, type Json, listOf } from './json.ts';

/** What the intrinsics of one stack can see. Each member throws when it has no answer. */
export type Scope = {
  readonly ref: (name: string) => Json;
  readonly attribute: (id: string, name: string) => Json;
  readonly importValue: (exportName: string) => Json;
  readonly condition: (name: string) => boolean;
  readonly zones: readonly string[];
  /** Refuses what the local cloud does not model; `value` is the place in the template. */
  readonly refuse: (value: Json, what: string) => Error;
};

/** `Ref: AWS::NoValue`: the member or element that holds it is not there at all. */
const NO_VALUE = Symbol('AWS::NoValue');

type Resolved = Json | typeof NO_VALUE;

/**
 * Replaces every intrinsic function in a value. AWS's own order: the arguments first, then the function.
 *
 * @throws what `scope.refuse` makes of an unknown function, wrong arguments, or a dynamic reference
 */
export function resolveIntrinsics(value: Json, scope: Scope): Json {
  const resolved = resolveAny(value, scope);
  if (resolved === NO_VALUE) throw scope.refuse(value, 'AWS::NoValue where a value is needed');
  return resolved;
}

function resolveAny(value: Json, scope: Scope): Resolved {
  if (typeof value === 'string') return literal(value, value, scope);
  if (Array.isArray(value)) {
    return value.map((each: Json) => resolveAny(each, scope)).filter((each) => each !== NO_VALUE);
  }
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    const result = applyFunction(name, value[name] as Json, value, scope);
    return typeof result === 'string' ? literal(result, value, scope) : result;
  }
  return resolveMembers(value, scope);
}

function resolveMembers(value: { readonly [name: string]: Json }, scope: Scope): Json {
  const mixed = Object.keys(value).find((name) => name === 'Ref' || name.startsWith('Fn::'));
  if (mixed) throw scope.refuse(value, `"${mixed}" beside other members`);
  const entries = Object.entries(value).flatMap(([name, each]) => {
    const resolved = resolveAny(each, scope);
    return resolved === NO_VALUE ? [] : [[name, resolved] as const];
  });
  return Object.fromEntries(entries);
}

/** A dynamic reference is filled in by CloudFormation during a deployment; as text it would pass for a value. */
function literal(text: string, value: Json, scope: Scope): string {
  if (text.includes('{{resolve:')) throw scope.refuse(value, 'a dynamic reference {{resolve:…}}');
  return text;
}

function applyFunction(name: string, argument: Json, value: Json, scope: Scope): Resolved {
  const wrong = () => scope.refuse(value, `${name} with arguments it cannot have: ${JSON.stringify(argument)}`);
  const resolved = () => resolveIntrinsics(argument, scope);
  const parts = Array.isArray(argument) ? (argument as readonly Json[]) : [];
  switch (name) {
    case 'Ref':
      return argument === 'AWS::NoValue' ? NO_VALUE : scope.ref(text(argument, wrong));
    case 'Fn::GetAtt': {
      const [id, attribute] = Array.isArray(argument) ? parts : splitOnce(text(argument, wrong));
      return scope.attribute(text(id, wrong), text(resolveIntrinsics(attribute ?? null, scope), wrong));
    }
    case 'Fn::Join': {
      const [separator, list] = listOf(resolved());
      if (!Array.isArray(list)) throw wrong();
      return list.map((each: Json) => text(each, wrong)).join(text(separator, wrong));
    }
    case 'Fn::Split': {
      const [separator, whole] = listOf(resolved());
      return text(whole, wrong).split(text(separator, wrong));
    }
    case 'Fn::Select': {
      const [index, list] = listOf(resolved());
      const chosen = Array.isArray(list) ? (list as readonly Json[])[Number(index)] : undefined;
      if (chosen === undefined) throw wrong();
      return chosen;
    }
    case 'Fn::GetAZs':
      return scope.zones;
    case 'Fn::ImportValue':
      return scope.importValue(text(resolved(), wrong));
    case 'Fn::Sub':
      return substitute(argument, scope, wrong);
    case 'Fn::If': {
      if (parts.length !== 3) throw wrong();
      const branch = scope.condition(text(parts[0], wrong)) ? parts[1] : parts[2];
      return resolveAny(branch as Json, scope);
    }
    default:
      throw scope.refuse(value, `the intrinsic function ${name}`);
  }
}

function substitute(argument: Json, scope: Scope, wrong: () => Error): string {
  const [template, given] = Array.isArray(argument) ? (argument as readonly Json[]) : [argument, {}];
  const own = isObject(given) ? given : {};
  return text(template, wrong).replaceAll(/\$\{([^}]*)\}/g, (_, expression: string) => {
    // ${!Name} is the literal ${Name}.
    if (expression.startsWith('!')) return `\${${expression.slice(1)}}`;
    const name = expression.trim();
    if (Object.hasOwn(own, name)) return text(resolveIntrinsics(own[name] as Json, scope), wrong);
    const [id, attribute] = splitOnce(name);
    return text(attribute === undefined ? scope.ref(name) : scope.attribute(id, attribute), wrong);
  });
}

function splitOnce(name: string): readonly [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** Where CloudFormation wants a string, a number or a truth value is written as one. */
function text(value: Json | undefined, wrong: () => Error): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrong();
}
