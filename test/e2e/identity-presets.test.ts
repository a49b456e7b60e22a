import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Membership } from '../../infra/local/identity/memberships.ts';
import type { Shape } from '../../infra/local/identity/shapes.ts';
import { type LyingProvider, startLyingProvider } from '../support/lying-provider.ts';
import { type PresetCloud, startPresetCloud } from '../support/preset-cloud.ts';

/**
 * Each kind of identity provider, shaped as the real one: from a client's first request to a tool that knows role and
 * tenant. Expected is what the provider's own claims say, wherever it has them.
 */
const KEYCLOAK = {
  kind: 'oidc',
  issuer: 'https://login.example.com/realms/acme',
  clientId: 'gatehouse',
  rolesClaim: 'realm_access.roles',
  tenantClaim: 'organization.id',
};
const AUTH0 = {
  kind: 'oidc',
  issuer: 'https://acme.eu.auth0.com/',
  clientId: 'gatehouse',
  rolesClaim: 'https://example.com/roles',
  rolesSeparator: 'comma',
  tenantClaim: 'https://example.com/tenant',
};
const COGNITO = { kind: 'cognito' };
const WORKOS = { kind: 'workos', issuer: 'https://acme.authkit.app', clientId: 'client_1' };

type Case = {
  readonly name: string;
  readonly identity: typeof COGNITO | typeof WORKOS;
  readonly identityShape?: Partial<Shape>;
};

const CASES: readonly Case[] = [
  { name: 'cognito', identity: COGNITO },
  { name: 'workos: no role in any token, the secret in the body', identity: WORKOS },
  {
    name: 'oidc: nested claims, an issuer with a path, iss in the answer, EdDSA, the secret in the header',
    identity: KEYCLOAK,
    identityShape: { algorithm: 'EdDSA' },
  },
  {
    name: 'oidc: claims named as URLs, roles in one string, an issuer with a slash, no iss, ES256, the secret in the body',
    identity: AUTH0,
    identityShape: { issInResponse: false, algorithm: 'ES256', authMethods: ['client_secret_post'] },
  },
];

describe.each(CASES)('$name', ({ identity, identityShape = {} }) => {
  let cloud: PresetCloud;
  beforeAll(async () => {
    cloud = await startPresetCloud(identity, { identityShape });
  });
  afterAll(() => cloud?.close());

  test.each([
    ['ada', ['editor'], 'north'],
    ['bob', ['reader'], 'north'],
    ['dan', ['editor'], 'south'],
  ] as const)('%s signs in, and a tool sees the roles %o and the tenant %s', async (person, roles, tenant) => {
    expect(await cloud.whoami(person)).toMatchObject({ subject: person, roles, tenant });
  });

  test('who has no role gets no code', async () => {
    expect(await cloud.answerTo('eve')).toMatchObject({
      error: 'access_denied',
      error_description: 'This account has no role here. Ask the operator for one.',
    });
    expect(cloud.logs.join('\n')).toContain('eve has no role here');
  });

  test('neither a secret nor a token is in the log', () => {
    const everything = cloud.logs.join('\n');
    for (const secret of [cloud.identityClient.secret, cloud.identityApiKey ?? 'sk_local_', 'eyJ']) {
      expect(everything).not.toContain(secret);
    }
  });
});

const NO_SUCCESS = { error: 'access_denied', error_description: 'The sign-in did not succeed.' };
const past = () => Math.floor(Date.now() / 1000) - 600;

const LIARS = [
  { name: 'cognito', identity: COGNITO, roles: { 'cognito:groups': ['editor'] }, tenant: { 'custom:tenant': 'north' } },
  { name: 'workos', identity: WORKOS, roles: { role: 'editor', permissions: ['a'] }, tenant: { org_id: 'org_1' } },
  {
    name: 'oidc',
    identity: KEYCLOAK,
    roles: { realm_access: { roles: ['editor', 'offline_access'] } },
    tenant: { organization: { id: 'north' } },
  },
];

describe.each(LIARS)('a provider of kind $name that lies', ({ identity, roles, tenant }) => {
  let cloud: PresetCloud;
  let provider: LyingProvider;
  beforeAll(async () => {
    cloud = await startPresetCloud(identity, { identityProvider: false });
    provider = await startLyingProvider(cloud.identityIssuer, cloud.identityClient.id, { ...roles, ...tenant });
  });
  afterAll(async () => {
    await provider?.close();
    await cloud?.close();
  });

  // First, because a document that was believed once is kept.
  test('about its issuer in the discovery document: nobody is sent there', async () => {
    provider.publish({ issuer: 'https://evil.example' });
    expect(await cloud.refusedAtOnce()).toMatchObject({ error: 'temporarily_unavailable' });
    provider.publish({});
  });

  test('in nothing: there is a code', async () => {
    const answer = await cloud.comeBack((nonce) => provider.issue({ nonce }));
    expect(answer).toMatchObject({ code: expect.any(String), iss: cloud.issuer });
  });

  test.each<[string, (nonce: string) => void]>([
    ['the nonce', () => provider.issue({ nonce: 'other' })],
    ['the issuer in the ID token', (nonce) => provider.issue({ nonce, iss: 'https://evil.example' })],
    ['the audience', (nonce) => provider.issue({ nonce, aud: 'somebody-else' })],
    ['needing no signature', (nonce) => provider.issue({ nonce }, { alg: 'none' }, () => '')],
    ['the time', (nonce) => provider.issue({ nonce, exp: past() })],
  ])('about %s: nobody signed in', async (_, answer) => {
    expect(await cloud.comeBack(answer)).toMatchObject(NO_SUCCESS);
    expect(provider.memberships.asked).toBe(0);
  });

  test('or leaves the tenant out: no code', async () => {
    const without = Object.fromEntries(Object.keys(tenant).map((claim) => [claim, undefined]));
    const answer = await cloud.comeBack((nonce) => provider.issue({ nonce, ...without }));
    // At WorkOS the memberships are asked first; this person has none.
    const what = identity.kind === 'workos' ? 'has no role' : 'belongs to no tenant';
    expect(answer).toMatchObject({ error: 'access_denied', error_description: expect.stringContaining(what) });
  });
});

describe('at WorkOS', () => {
  let cloud: PresetCloud;
  let memberships: readonly Membership[] = [];
  let chosen: Record<string, string> = {};
  const active = (organization_id: string, ...slugs: readonly string[]): Membership => {
    const roles = slugs.map((slug) => ({ slug }));
    return { organization_id, status: 'active', ...(roles[0] && { role: roles[0] }), roles };
  };

  beforeAll(async () => {
    cloud = await startPresetCloud(WORKOS, {
      membershipsFor: () => memberships,
      identityShape: { accessTokenOf: () => chosen },
    });
  });
  afterAll(() => cloud?.close());

  const NO_ROLE = { error: 'access_denied', error_description: expect.stringContaining('has no role here') };

  test.each<[string, readonly Membership[], string | undefined, readonly string[], string]>([
    [
      'the organisation they chose',
      [active('org_1', 'reader'), active('org_2', 'editor')],
      'org_2',
      ['editor'],
      'org_2',
    ],
    ['their only one, though no token names it', [active('org_1', 'reader')], undefined, ['reader'], 'org_1'],
    ['one with several roles', [active('org_1', 'reader', 'editor')], 'org_1', ['reader', 'editor'], 'org_1'],
    ['one with a role more that nobody knows', [active('org_1', 'member', 'editor')], 'org_1', ['editor'], 'org_1'],
  ])('somebody has the role of %s', async (_, all, organisation, roles, tenant) => {
    memberships = all;
    chosen = organisation === undefined ? {} : { org_id: organisation };
    expect(await cloud.whoami('ada')).toMatchObject({ subject: 'ada', roles, tenant });
  });

  test.each<[string, readonly Membership[], string | undefined, object]>([
    ['no membership', [], 'org_1', NO_ROLE],
    ['one that is inactive', [{ ...active('org_1', 'editor'), status: 'inactive' }], 'org_1', NO_ROLE],
    ['one that is pending', [{ ...active('org_1', 'editor'), status: 'pending' }], 'org_1', NO_ROLE],
    ['a role that is in no setting', [active('org_1', 'owner')], 'org_1', NO_ROLE],
    ['one without a role', [active('org_1')], 'org_1', NO_ROLE],
    ['one in another organisation than they chose', [active('org_2', 'editor')], 'org_1', NO_ROLE],
    ['two, of which no token names one', [active('org_1', 'editor'), active('org_2', 'editor')], undefined, NO_SUCCESS],
    ['two in one organisation', [active('org_1', 'reader'), active('org_1', 'editor')], 'org_1', NO_SUCCESS],
  ])('somebody with %s gets no code', async (_, all, organisation, refusal) => {
    memberships = all;
    chosen = organisation === undefined ? {} : { org_id: organisation };
    expect(await cloud.answerTo('ada')).toMatchObject(refusal);
  });

  test('the log says why it could not be decided', () => {
    expect(cloud.logs.join('\n')).toContain('2 active WorkOS memberships, and the tokens name no organisation');
  });

  test('neither the API key nor a token is in the log', () => {
    expect(cloud.identityApiKey).toMatch(/^sk_local_/);
    for (const secret of [cloud.identityApiKey, 'eyJ']) expect(cloud.logs.join('\n')).not.toContain(secret);
  });
});
