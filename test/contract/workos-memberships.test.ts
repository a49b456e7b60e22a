import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemberships, organisationIn } from '../../functions/adapters/workos-memberships.ts';
import { json } from '../support/identity-server.ts';

/** The membership lookup over HTTP, against an API that misbehaves on request. */
const KEY = 'sk_test_123';
const ADA = { subject: 'ada', roles: [], tenant: undefined };

let answer: (response: ServerResponse) => unknown;
let asked: IncomingMessage[];
let server: ReturnType<typeof createServer>;
let apiUrl: string;
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    asked.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

const membership = (changes: Readonly<Record<string, unknown>> = {}) => ({
  object: 'organization_membership',
  user_id: 'ada',
  organization_id: 'org_1',
  status: 'active',
  role: { slug: 'editor' },
  ...changes,
});
const list = (...data: readonly unknown[]) => {
  answer = (response) => json(response, 200, { object: 'list', data, list_metadata: { after: null } });
};
const memberships = (readApiKey = async () => KEY) => createMemberships({ apiUrl, readApiKey });

describe('what is asked', () => {
  test('one GET, for the active memberships of this person in this organisation, with the key', async () => {
    list(membership());
    expect(await memberships().complete(ADA, 'org_1')).toEqual({
      ok: true,
      value: { subject: 'ada', roles: ['editor'], tenant: 'org_1' },
    });
    const [request] = asked;
    expect(asked).toHaveLength(1);
    expect([request?.method, request?.url, request?.headers.authorization]).toEqual([
      'GET',
      '/user_management/organization_memberships?user_id=ada&organization_id=org_1&statuses=active',
      `Bearer ${KEY}`,
    ]);
  });

  test('nothing, where the ID token says role and tenant', async () => {
    const known = { subject: 'ada', roles: ['reader'], tenant: 'org_1' };
    expect(await memberships().complete(known, 'org_1')).toEqual({ ok: true, value: known });
    expect(asked).toEqual([]);
  });

  test('both, where it says one of them: a role is of one organisation', async () => {
    list(membership());
    const roleOnly = { subject: 'ada', roles: ['reader'], tenant: undefined };
    expect(await memberships().complete(roleOnly, undefined)).toMatchObject({
      value: { roles: ['editor'], tenant: 'org_1' },
    });
  });
});

describe('what is not believed', () => {
  test.each([
    ['no token names an organisation', undefined, [membership(), membership({ organization_id: 'org_2' })]],
    ['the API lists one twice', 'org_1', [membership({ role: { slug: 'reader' } }), membership()]],
  ])('any of two memberships, when %s', async (_, organisation, two) => {
    list(...two);
    expect(await memberships().complete(ADA, organisation)).toMatchObject({ error: { reason: 'identity-refused' } });
  });

  test.each([
    ['is not active', { status: 'inactive' }],
    ['is somebody else’s', { user_id: 'bob' }],
    ['is of another organisation', { organization_id: 'org_2' }],
  ])('a membership that %s, though the API was asked for others', async (_, changes) => {
    list(membership(changes));
    expect(await memberships().complete(ADA, 'org_1')).toMatchObject({ value: { roles: [] } });
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ['500', (response) => json(response, 500, {})],
    ['401', (response) => json(response, 401, { message: `bad key ${KEY}` })],
    ['429', (response) => json(response, 429, {})],
    ['a redirect', (response) => response.writeHead(307, { location: `${apiUrl}/elsewhere` }).end()],
    ['no JSON', (response) => response.writeHead(200).end('<html>')],
    ['another JSON', (response) => json(response, 200, { data: [{ user_id: 7 }] })],
    ['half an answer', (response) => response.writeHead(200).end('{"data":')],
    ['10 MB', (response) => json(response, 200, { data: [], padding: 'x'.repeat(10_000_000) })],
    ['nothing', (response) => response.destroy()],
  ])('%s as an answer, and it is asked once', async (_, misbehave) => {
    answer = misbehave;
    const failure = await memberships()
      .complete(ADA, 'org_1')
      .catch((error: Error) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).not.toContain(KEY);
    expect(asked).toHaveLength(1);
  });

  test('a key that cannot be one is not sent, and not quoted', async () => {
    const failure = memberships(async () => 'sk_broken\nkey').complete(ADA, undefined);
    await expect(failure).rejects.toThrow(/holds no API key$/);
    expect(asked).toEqual([]);
  });
});

test('a key that was refused, or could not be read, is read again', async () => {
  let reads = 0;
  const patient = memberships(async () => {
    reads++;
    if (reads === 1) throw new Error('no secret yet');
    return KEY;
  });
  list(membership());
  await expect(patient.complete(ADA, 'org_1')).rejects.toThrow('no secret yet');
  await patient.complete(ADA, 'org_1');
  await patient.complete(ADA, 'org_1');
  expect(reads).toBe(2);
  answer = (response) => json(response, 401, {});
  await expect(patient.complete(ADA, 'org_1')).rejects.toThrow('answered 401');
  list(membership());
  await patient.complete(ADA, 'org_1');
  expect(reads).toBe(3);
});

test('the organisation of an access token is taken when it is this person’s token, whatever else it is', () => {
  const token = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
  expect(organisationIn(token({ sub: 'ada', org_id: 'org_1' }), 'ada')).toBe('org_1');
  for (const claims of [{ sub: 'bob', org_id: 'org_1' }, { sub: 'ada' }, { sub: 'ada', org_id: 7 }, null, 'x']) {
    expect(organisationIn(token(claims), 'ada')).toBeUndefined();
  }
  for (const opaque of ['', 'opaque', 'a.b.c', 'a.e30.c']) expect(organisationIn(opaque, 'ada')).toBeUndefined();
});
