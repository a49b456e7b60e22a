import * as z from 'zod';
import { alarms } from './settings-alarms.ts';
import { database } from './settings-database.ts';
import { domain, edge } from './settings-edge.ts';
import { identity } from './settings-identity.ts';
import { pipeline } from './settings-pipeline.ts';
import { group, oneOf, truth, whole, words } from './settings-rules.ts';
import { wrong } from './settings-sentences.ts';

/** The settings of a deployment, one rule each. What they mean is in infra/README.md. */

/** The clients that can be admitted by name; the register function has a preset with the redirect URIs of each. */
export const PRESETS = [
  'claude',
  'chatgpt',
  'cursor',
  'vscode',
  'copilot-cli',
  'codex',
  'inspector',
  'mcp-remote',
] as const;

/** What CloudWatch Logs accepts up to ten years, in days. */
const RETENTIONS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** RFC 6749 appendix A.4: visible ASCII without the double quote and the backslash. */
const scope = z
  .string(wrong('which is no scope', 'Write a name from gatehouse.scopes'))
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    wrong('which is no scope (RFC 6749 appendix A.4)', 'Use visible ASCII characters, no space, no " and no \\'),
  );
const scopeList = z.array(scope, wrong('which is no list of scopes', 'Write a list of names from gatehouse.scopes'));

function throttle(rate: number, burst: number) {
  return group({
    rate: whole(1, 10_000, 'a number of requests a second').default(rate),
    burst: whole(1, 5_000, 'a number of requests at once').default(burst),
  }).prefault({});
}

function executions(most: number) {
  return whole(1, 1_000, 'a number of executions at once').default(most);
}

/** As a browser writes it in `Origin` (RFC 6454 section 6.1): https, or http of a page on the person's own computer. */
const noOrigin = wrong('which is no web origin', 'Write it like https://app.example.com, without a slash or path');
const origin = z
  .string(noOrigin)
  .refine(
    (value) =>
      URL.canParse(value) &&
      new URL(value).origin === value &&
      /^(?:https:\/\/[^*]+$|http:\/\/(?:localhost|127\.0\.0\.1)(?::|$))/.test(value),
    noOrigin,
  );

/** Keys that follow each other, of one kind. */
const MOST_KEYS = 9;
const noKeys = wrong('which is no list of key numbers', 'Write the one that signs first, like [2, 1]');

const aRole = wrong('which is no ARN of a role', 'Write it like arn:aws:iam::111122223333:role/break-glass');

export const shape = group({
  stage: z
    .string(wrong('which is no name of a stage', 'Use dev, prod or another short name'))
    .regex(
      /^[a-z][a-z0-9]{0,11}$/,
      wrong('which is no name of a stage', 'Use 1 to 12 lower-case letters and digits, a letter first'),
    ),
  domain,
  edge,
  pipeline,
  identity,
  registration: group({
    dcr: oneOf(['off', 'token', 'vetted'], 'mode of registration'),
    cimd: truth.default(true),
    vetted: z.array(
      oneOf(PRESETS, 'preset'),
      wrong('which is no list of presets', `Write a list of: ${PRESETS.join(', ')}`),
    ),
  }),
  scopes: z.record(
    scope,
    z.union(
      [
        words('what the scope allows, for the consent page'),
        group({ allows: words('what the scope allows, for the consent page'), implies: scopeList }),
      ],
      wrong(
        'which says not what the scope allows',
        'Write text for the consent page, or an object with: allows, implies',
      ),
    ),
    wrong('which is no catalogue of scopes', 'Write an object: each scope and what it allows, in words'),
  ),
  defaultScopes: scopeList,
  allowedOrigins: z
    .array(origin, wrong('which is no list of web origins', 'Write a list like ["https://app.example.com"]'))
    .default([]),
  roles: z.record(
    z
      .string()
      .regex(
        /^[^\s\p{C}](?:[^\p{C}]{0,126}[^\s\p{C}])?$/u,
        wrong('which is no role', 'Use 1 to 128 printable characters'),
      ),
    scopeList,
    wrong('which is no table of roles', 'Write an object: each role and the list of its scopes'),
  ),
  database,
  sampleData: truth.default(false),
  // Tools that are not there unless somebody wants them.
  tools: group({ query: truth.default(false) }).prefault({}),
  fence: group({ links: oneOf(['defanged', 'kept'], 'way to treat links').default('defanged') }).prefault({}),
  refreshGraceSeconds: whole(0, 60, 'a number of seconds').default(10),
  audit: group({
    retentionDays: whole(1, 36_500, 'a number of days').default(365),
    breakGlassRoleArn: z
      .string(aRole)
      .regex(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, aRole)
      .optional(),
    // Number of the key that signs; those below it stay trusted. More would not fit into what a function is told.
    signingKey: whole(1, MOST_KEYS, 'the number of a key').default(1),
  }).prefault({}),
  // The numbers of the keys whose tokens are good. The first signs.
  tokenKeys: z
    .array(whole(1, MOST_KEYS, 'the number of a key'), noKeys)
    .min(1, noKeys)
    .max(3, wrong('which is more keys than are in use at a time', 'Name three at most'))
    .refine(
      (numbers) => new Set(numbers).size === numbers.length,
      wrong('which names a key twice', 'Name each key once'),
    )
    .default([1]),
  logRetentionDays: z
    .literal(RETENTIONS, wrong('which CloudWatch Logs does not offer', `Use one of: ${RETENTIONS.join(', ')}`))
    .default(365),
  alarms,
  throttle: group({
    'well-known': throttle(50, 100),
    // One a second is plenty for people; the burst lets a hosted connector register for all its users at once.
    register: throttle(1, 40),
    authorize: throttle(20, 40),
    token: throttle(20, 40),
    mcp: throttle(100, 200),
  }).prefault({}),
  // A hosted connector is one client for all its people. Each comes back every ten minutes: this is three thousand of them.
  tokensPerClient: group({
    rate: whole(1, 10_000, 'a number of requests a second').default(5),
    // The token function counts in tens, so a smaller burst would let nobody through.
    burst: whole(10, 5_000, 'a number of requests at once').default(100),
  }).prefault({}),
  concurrency: group({
    reserved: truth.default(true),
    'well-known': executions(20),
    register: executions(5),
    authorize: executions(20),
    token: executions(20),
    mcp: executions(50),
    'mcp-write': executions(10),
  }).prefault({}),
});

type Written = z.output<typeof shape>;

/** The settings as the rest of the app reads them: what scopes allow apart from what they include. */
export type Settings = Omit<Written, 'scopes'> & {
  /** Each scope, and what it allows in words. */
  readonly scopes: Readonly<Record<string, string>>;
  /** A broader scope to the narrower ones it includes. Only scopes that include any. */
  readonly implies: Readonly<Record<string, readonly string[]>>;
};

/** Takes the two things that a scope can say apart. */
export function settled({ scopes, ...rest }: Written): Settings {
  const said = Object.entries(scopes).map(([name, about]) => {
    return [name, typeof about === 'string' ? { allows: about, implies: [] } : about] as const;
  });
  return {
    ...rest,
    scopes: Object.fromEntries(said.map(([name, { allows }]) => [name, allows])),
    implies: Object.fromEntries(
      said.filter(([, { implies }]) => implies.length > 0).map(([name, { implies }]) => [name, implies]),
    ),
  };
}

export type Identity = Settings['identity'];
