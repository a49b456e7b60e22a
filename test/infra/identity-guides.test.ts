import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { identityOf } from '../../functions/adapters/upstream-claims.ts';
import { type Settings, settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

/** The guides of infra/identity: what they tell people to write is taken, and reads the tokens that they show. */
const FOLDER = 'infra/identity';

/** A block of a guide: settings, or the claims of a token and what is to be read from them. */
type Block = {
  readonly identity?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly roles?: unknown;
  readonly tenant?: string;
};

const guides = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.md'))
  .map((name) => {
    const text = readFileSync(`${FOLDER}/${name}`, 'utf8');
    const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json) as Block);
    return { name, text, blocks };
  });

/** The settings of a block in place of cdk.json's. */
function settingsOf({ identity, roles }: Block): Settings {
  return settingsFrom({
    ...context,
    ...(identity && { 'gatehouse.identity': identity }),
    ...(roles !== undefined && { 'gatehouse.roles': roles }),
  });
}

/** As infra/constructs/sign-in.ts has them for Cognito; the others name theirs. */
const COGNITO = { rolesClaim: 'cognito:groups', tenantClaim: 'custom:tenant' };

test('there is a guide for each provider that the index names, and the index names each', () => {
  const index = guides.find(({ name }) => name === 'README.md')?.text ?? '';
  const linked = [...index.matchAll(/\]\((\w+\.md)\)/g)].map(([, name]) => name);
  expect(linked).toEqual(['entra.md', 'okta.md', 'google.md', 'auth0.md']);
  expect(guides.map(({ name }) => name).sort()).toEqual([...linked, 'README.md'].sort());
});

describe.each(guides)('$name', ({ text, blocks }) => {
  const settings = blocks.filter(({ claims }) => claims === undefined);
  const tokens = blocks.filter(({ claims }) => claims !== undefined);

  test('shows settings that are taken as they stand', () => {
    expect(settings.some(({ identity }) => identity !== undefined)).toBe(true);
    for (const block of settings) {
      const taken = settingsOf(block);
      if (block.identity) expect(taken.identity).toMatchObject(block.identity);
      if (block.roles !== undefined) expect(taken.roles).toEqual(block.roles);
    }
  });

  test('shows tokens from which these settings read the roles and the tenant that it names', () => {
    const identities = settings.flatMap(({ identity }) => (identity ? [settingsOf({ identity }).identity] : []));
    expect(tokens.length).toBeGreaterThan(0);
    tokens.forEach(({ claims = {}, roles, tenant }, at) => {
      // Google's guide has two settings and a token of the first.
      const identity = identities[at];
      if (identity === undefined) throw new Error(`a token more than there are settings: ${JSON.stringify(claims)}`);
      const names = identity.kind === 'cognito' ? COGNITO : identity;
      expect(identityOf(claims, names)).toEqual({ ok: true, value: { subject: claims.sub, roles, tenant } });
    });
  });

  test('says that nobody tried it, names the redirect URI, and shows how to fill the secret or where that is', () => {
    expect(text).toMatch(/Not tried against the live provider/);
    expect(text).toContain('<Issuer>/callback');
    expect(text).toMatch(/put-secret-value[\s\S]*file:\/\/|README\.md#the-same-for-all-of-them/);
  });
});

describe('google.md, by address', () => {
  const { identity } = guides.find(({ name }) => name === 'google.md')?.blocks[1] ?? {};
  const names = { rolesClaim: String(identity?.rolesClaim), tenantClaim: String(identity?.tenantClaim) };
  const ada = { sub: '1', hd: 'example.com', email: 'ada@example.com' };

  test('the address is a role where Google verified it, and nobody gets in where it did not', () => {
    const verified = identityOf({ ...ada, email_verified: true }, names);
    expect(verified).toMatchObject({ ok: true, value: { roles: ['ada@example.com'], tenant: 'example.com' } });
    expect(identityOf({ ...ada, email_verified: false }, names)).toMatchObject({ ok: false });
  });

  test('a personal account has no tenant', () => {
    const { hd: _, ...personal } = ada;
    const read = identityOf({ ...personal, email_verified: true }, names);
    expect(read).toMatchObject({ ok: true, value: { tenant: undefined } });
  });
});

test('every link to a place in another document leads somewhere', () => {
  const anchors = (path: string) =>
    [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    );
  for (const { name, text } of guides) {
    for (const [, path = '', anchor = ''] of text.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
      expect(anchors(path === '' ? `${FOLDER}/${name}` : `${FOLDER}/${path}`), `${name}: ${path}`).toContain(anchor);
    }
  }
});
