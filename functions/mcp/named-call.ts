import type { Kind } from '../core/tools/audited.ts';

/** What a message asks for, as far as the gate needs to know before the protocol engine sees it. */
export type NamedCall = {
  readonly method: string;
  /** What is asked for by name or URI, when the method is one of the three that have one. */
  readonly target?: { readonly kind: Kind; readonly name: string; readonly input: unknown };
};

const NAMED: Readonly<Record<string, { readonly kind: Kind; readonly by: 'name' | 'uri' }>> = {
  'tools/call': { kind: 'tool', by: 'name' },
  'resources/read': { kind: 'resource', by: 'uri' },
  'prompts/get': { kind: 'prompt', by: 'name' },
};

/** Reads own properties only: `__proto__` in a message is a key like any other. */
export function namedCall(message: object): NamedCall {
  const sent = own(message, 'method');
  const method = typeof sent === 'string' && /^[A-Za-z][A-Za-z/_]{0,63}$/.test(sent) ? sent : '(unreadable method)';
  const named = Object.hasOwn(NAMED, method) ? NAMED[method] : undefined;
  const params = own(message, 'params');
  if (named === undefined || typeof params !== 'object' || params === null) return { method };
  const name = own(params, named.by);
  if (typeof name !== 'string') return { method };
  return { method, target: { kind: named.kind, name, input: own(params, 'arguments') } };
}

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
