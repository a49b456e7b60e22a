import { isObject, type Json, listOf } from '../template/json.ts';
import type { Refuse } from './conditions.ts';

/** One entry of a `Principal` element. */
export type PrincipalPattern =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'arn'; readonly arn: string }
  /** A service or a federated identity: nobody who signs a request here is either. */
  | { readonly kind: 'elsewhere'; readonly name: string };

/** Whoever signed a request. */
export type Caller = {
  /** As error messages name it: the session of an assumed role, or a user. */
  readonly arn: string;
  /** The role of the session, or the user again: what `aws:PrincipalArn` and role principals compare with. */
  readonly principalArn: string;
  readonly account: string;
};

/**
 * Reads a `Principal` element.
 *
 * @throws what `refuse` makes of a form that is not understood, such as a canonical user or a wildcard inside an ARN
 */
export function parsePrincipals(element: Json | undefined, refuse: Refuse): readonly PrincipalPattern[] {
  if (element === '*') return [{ kind: 'everyone' }];
  if (!isObject(element)) throw refuse(`the principal ${JSON.stringify(element)}`);
  return Object.entries(element).flatMap(([kind, values]) =>
    listOf(values).map((value) => {
      if (typeof value !== 'string') throw refuse(`the principal ${JSON.stringify(value)}`);
      if (kind === 'AWS') return awsPrincipal(value, refuse);
      if (kind === 'Service' || kind === 'Federated') return { kind: 'elsewhere', name: value } as const;
      throw refuse(`the principal kind "${kind}"`);
    }),
  );
}

function awsPrincipal(value: string, refuse: Refuse): PrincipalPattern {
  if (value === '*') return { kind: 'everyone' };
  const account = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(value)?.[1];
  if (account) return { kind: 'account', account };
  if (!/^arn:aws:(iam|sts)::\d{12}:(role|user|assumed-role)\/[^*?$]+$/.test(value)) {
    throw refuse(`the principal "${value}"`);
  }
  return { kind: 'arn', arn: value };
}

/**
 * How a statement names this caller: itself ("direct"), through its account ("account", which on an Allow only hands
 * the decision to the account's own policies), or not at all.
 */
export function namedAs(patterns: readonly PrincipalPattern[], caller: Caller): 'direct' | 'account' | undefined {
  const names = patterns.map((pattern) => nameOf(pattern, caller));
  return names.find((name) => name === 'direct') ?? names.find((name) => name === 'account');
}

function nameOf(pattern: PrincipalPattern, caller: Caller): 'direct' | 'account' | undefined {
  switch (pattern.kind) {
    case 'everyone':
      return 'direct';
    case 'arn':
      return pattern.arn === caller.arn || pattern.arn === caller.principalArn ? 'direct' : undefined;
    case 'account':
      return pattern.account === caller.account ? 'account' : undefined;
    case 'elsewhere':
      return undefined;
  }
}
