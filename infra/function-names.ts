/** The functions of the stack: one directory in `functions/`, one bundle, one role each. */
export const FUNCTION_NAMES = [
  'well-known',
  'register',
  'authorize',
  'token',
  'mcp',
  'mcp-write',
  'seal',
  'migrate',
] as const;

export type FunctionName = (typeof FUNCTION_NAMES)[number];
