/** What a message asks for, as far as the gate needs to know before the protocol engine sees it. */
export type NamedCall = { readonly method: string; readonly tool: string | undefined; readonly input: unknown };

/** Reads own properties only: `__proto__` in a message is a key like any other. */
export function namedCall(message: object): NamedCall {
  const method = own(message, 'method');
  const params = own(message, 'params');
  const isCall = method === 'tools/call' && typeof params === 'object' && params !== null;
  const name = isCall ? own(params, 'name') : undefined;
  return {
    method: typeof method === 'string' && /^[A-Za-z][A-Za-z/_]{0,63}$/.test(method) ? method : '(unreadable method)',
    tool: typeof name === 'string' ? name : undefined,
    input: isCall ? own(params, 'arguments') : undefined,
  };
}

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
