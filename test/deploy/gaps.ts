/** Something that a target lacks, and the tests that therefore cannot be run there. */
export type Gap = {
  readonly reason: string;
  /** As Vitest names them: the file, the groups, the test. A prefix names all below it. */
  readonly tests: readonly string[];
};

const CLIENT_2025 = 'test/e2e/client-2025-11-25.test.ts > a client of revision 2025-11-25';
const CLIENT_2026 = 'test/e2e/client-2026-07-28.test.ts > a client of revision 2026-07-28';

const SIGN_INS = [
  'test/e2e/on-the-record.test.ts > somebody signs in',
  ...[
    'register, consent, sign in, redeem',
    'a scope that was unticked',
    'somebody without a role signs in',
    'refresh rotates',
    'a revoked refresh token',
    'a code spent twice',
  ].map((test) => `test/e2e/oauth-leg.test.ts > the OAuth leg > ${test}`),
];

/**
 * What may be lacking, by name. A run says which of them apply (`E2E_LACKS`), and every test that is skipped says why. A
 * line here that names no test is an error: the list shrinks when an emulator learns something.
 */
export const GAPS: Readonly<Record<string, Gap>> = {
  database: {
    reason:
      'deployed with `database: none`: functions in an emulator that was started elsewhere cannot be led to a Data API',
    tests: [
      `${CLIENT_2025} > connects, signs in, lists the tools and calls them`,
      `${CLIENT_2025} > reads a resource and gets a prompt`,
      `${CLIENT_2025} > a call beyond the token is refused, and nothing of the tool runs`,
      `${CLIENT_2026} > connects, signs in, lists the tools and calls them`,
      `${CLIENT_2026} > finds the resource and the prompt, and gets both as data`,
      `${CLIENT_2026} > asks for more when a tool needs more, with the registration it has`,
      `${CLIENT_2026} > refreshes by itself when its access token is refused`,
      `${CLIENT_2026} > two tenants see their own rows through the same server`,
    ],
  },
  'response mapping': {
    reason: 'the emulator stores the response parameters of an integration and does not apply them',
    tests: ['test/e2e/challenge.test.ts > the challenge of a 401 > arrives once, under its own name'],
  },
  'unmatched OPTIONS': {
    reason: 'the emulator answers 403 "CORS not configured" to OPTIONS where no route matches; AWS has 404 for it',
    tests: ['test/attacks/not-offered.test.ts > what is not offered > I1 M3 '],
  },
  'identity provider': {
    reason: 'functions in an emulator that was started elsewhere cannot be led to its Cognito from here',
    tests: SIGN_INS,
  },
};

/** Parts of the deployment itself that an emulator cannot make: what stands in for them, and why. */
export const STAND_INS = [
  {
    setting: 'identity: cognito',
    instead: 'identity: oidc, at a user pool that the test makes through Cognito itself',
    reason: 'CloudFormation there has no AWS::Cognito::ManagedLoginBranding, and no ProviderURL of a user pool',
  },
  {
    setting: 'database: aurora',
    instead:
      'database: existing, which is the local cloud’s Data API over PostgreSQL; or none, where functions cannot be led to it',
    reason: 'the cluster is made, but its Data API has no PostgreSQL without Docker, so the schema cannot be',
  },
] as const;

/** Why a test cannot be run, or undefined when it can. */
export function whyNot(test: string, lacks: readonly string[]): string | undefined {
  const missing = lacks.find((name) => GAPS[name]?.tests.some((prefix) => test.startsWith(prefix)));
  return missing && `${missing}: ${GAPS[missing]?.reason}`;
}

/** The names in `E2E_LACKS`. @throws Error for one that is not in the list */
export function lacking(text: string | undefined): readonly string[] {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !Object.hasOwn(GAPS, name));
  if (unknown.length > 0) throw new Error(`E2E_LACKS: no such gap: ${unknown.join(', ')}`);
  return names;
}
