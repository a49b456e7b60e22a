import { globSync, readFileSync } from 'node:fs';

/**
 * Which end-to-end tests can be run against a deployment that `MCP_URL` names: those that see what a client and a person
 * see, and nothing else. The rest look behind the scenes of a stack on this machine.
 */
export const FROM_OUTSIDE = [
  'test/attacks/not-offered.test.ts',
  'test/e2e/challenge.test.ts',
  'test/e2e/client-2025-11-25.test.ts',
  'test/e2e/client-2026-07-28.test.ts',
  'test/e2e/oauth-leg.test.ts',
  'test/e2e/on-the-record.test.ts',
] as const;

/** Those that use the stack everybody shares, and yet cannot be run elsewhere. */
const HERE_ONLY: Readonly<Record<string, string>> = {
  'test/attacks/cimd-refused.test.ts': 'starts stacks with other settings',
  'test/attacks/cross-cutting-sources.test.ts': 'reads the sources, and looks at sockets of this machine',
  'test/attacks/metadata-documents.test.ts': 'sends bytes to 127.0.0.1 that no HTTPS client sends',
  'test/e2e/conformance-authorization.test.ts': 'waits for an authorize URL on localhost',
};

/** The suite that Vitest is given: what can be run against the deployment, or everything. */
export function endToEndTests(mcpUrl: string | undefined): string[] {
  return mcpUrl ? [...FROM_OUTSIDE] : ['test/e2e/**/*.test.ts', 'test/attacks/**/*.test.ts'];
}

/** The files that are left out against a deployment, each with its reason. */
export function leftOut(): readonly { readonly file: string; readonly reason: string }[] {
  return globSync(['test/e2e/**/*.test.ts', 'test/attacks/**/*.test.ts'])
    .filter((file) => !(FROM_OUTSIDE as readonly string[]).includes(file))
    .sort()
    .map((file) => ({ file, reason: HERE_ONLY[file] ?? 'starts a stack of its own' }));
}

/** Files that use the shared stack and are in neither list: somebody has to say which. */
export function undecided(): readonly string[] {
  const decided = new Set<string>([...FROM_OUTSIDE, ...Object.keys(HERE_ONLY)]);
  return leftOut()
    .map(({ file }) => file)
    .filter((file) => !decided.has(file) && /inject\('stack'\)/.test(readFileSync(file, 'utf8')));
}

/**
 * How people sign in: any name and password at the local identity provider; at another what `E2E_LOGIN`, in which
 * `{person}` stands for ada, bob, dan or eve, and `E2E_PASSWORD` say.
 */
export function credentialsOf(person: string): { readonly login: string; readonly password: string } {
  const { E2E_LOGIN = '{person}', E2E_PASSWORD = 'anything' } = process.env;
  return { login: E2E_LOGIN.replaceAll('{person}', person), password: E2E_PASSWORD };
}
