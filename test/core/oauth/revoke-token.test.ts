import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../functions/adapters/memory-store.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import type { Grant } from '../../../functions/core/oauth/grant.ts';
import { drawGrantId } from '../../../functions/core/oauth/identifiers.ts';
import { type RevocationPorts, revokeToken } from '../../../functions/core/oauth/revoke-token.ts';
import { drawTokenString, writeTokenString } from '../../../functions/core/oauth/token-string.ts';
import { aClient, aGrant, random } from '../../support/builders.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { onRecord } from '../../support/on-record.ts';

/** Who may end a grant (RFC 7009), and what the log is told of it. */
const parts = drawTokenString(drawGrantId(random), random);
const TOKEN = writeTokenString(parts);
const FORM = { token: TOKEN, client_id: 'client-a' };

async function revoke(
  form: Readonly<Record<string, string | readonly string[] | undefined>>,
  { grant = {}, authorization }: { readonly grant?: Partial<Grant>; readonly authorization?: string } = {},
  pause?: (operation: string) => Promise<void>,
) {
  const store = createMemoryStore(pause && { pause });
  await store.desk.enrol(aClient());
  await store.desk.enrol(aClient({ id: 'client-b' }));
  await store.grants.mint(
    aGrant({ id: parts.grantId, status: 'active', familySecret: digest(parts.familySecret), ...grant }),
  );
  const ports: RevocationPorts = {
    ...store,
    clock: createFakeClock(),
    issuer: 'https://mcp.example',
    openAssertion: async () => undefined,
    record: onRecord,
  };
  const fields = Object.entries({ ...FORM, ...form }).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, each] as const),
  );
  const result = await revokeToken(ports, fields, authorization);
  return { result, status: store.contents().flatMap((item) => ('codeExpires' in item ? [item.status] : []))[0] };
}

describe('a client ends a grant', () => {
  test('with a token of its family, the current one or any before it', async () => {
    const older = writeTokenString({ ...parts, rotatingSecret: 'A'.repeat(43) });
    for (const token of [TOKEN, older]) {
      expect(await revoke({ token, token_type_hint: 'access_token' })).toEqual({
        result: { ok: true, value: { clientId: 'client-a', grantId: parts.grantId, revoked: true } },
        status: 'revoked',
      });
    }
  });

  test('and no other client with the same token, nor anybody with the id alone', async () => {
    for (const form of [
      { client_id: 'client-b' },
      { token: `${parts.grantId}.${'A'.repeat(43)}.${parts.rotatingSecret}` },
    ]) {
      expect(await revoke(form)).toMatchObject({ result: { ok: true, value: { revoked: false } }, status: 'active' });
    }
  });

  test('once', async () => {
    expect(await revoke({}, { grant: { status: 'revoked' } })).toMatchObject({
      result: { value: { grantId: parts.grantId, revoked: false } },
    });
  });

  test('and is not told so while the table does not answer', async () => {
    const pause = async (operation: string) => {
      if (operation === 'grants.revokeHeld') throw new Error('down');
    };
    expect(await revoke({}, {}, pause)).toMatchObject({
      result: { ok: false, error: { reason: 'store-unavailable', operation: 'grants.revokeHeld' } },
      status: 'active',
    });
  });
});

test('garbage is nobody’s token, and the answer to it is the answer to success', async () => {
  for (const token of ['garbage', `${TOKEN}x`, 'a.b.c']) {
    expect((await revoke({ token })).result).toEqual({
      ok: true,
      value: { clientId: 'client-a', grantId: undefined, revoked: false },
    });
  }
});

describe('nothing is revoked', () => {
  test.each<[string, object, Readonly<Record<string, string | readonly string[] | undefined>>]>([
    ['without a token', { reason: 'parameter-missing', parameter: 'token' }, { token: undefined }],
    ['with two tokens', { reason: 'repeated-parameter', parameter: 'token' }, { token: [TOKEN, TOKEN] }],
    ['without a client', { reason: 'client-missing' }, { client_id: undefined }],
    ['by a client nobody knows', { reason: 'client-unknown' }, { client_id: 'client-c' }],
    ['with an access token', { reason: 'access-token-presented' }, { token: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' }],
    ['with a secret that was never issued', { reason: 'secret-unexpected', method: 'body' }, { client_secret: 's' }],
    ['in two ways at once', { reason: 'methods-mixed' }, { client_secret: 's', client_assertion: 'a.b.c' }],
    ['with an assertion of no type', { reason: 'assertion-refused', fault: 'type' }, { client_assertion: 'a.b.c' }],
    [
      'with an assertion and no key',
      { reason: 'assertion-refused', fault: 'no-keys' },
      {
        client_assertion: 'a.b.c',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
    ],
    ...['token_type_hint', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'].map(
      (parameter): [string, object, Readonly<Record<string, readonly string[]>>] => [
        `when ${parameter} comes twice`,
        { reason: 'repeated-parameter', parameter },
        { [parameter]: ['client-a', 'client-a'] },
      ],
    ),
  ])('%s', async (_, error, form) => {
    expect(await revoke(form)).toMatchObject({ result: { ok: false, error }, status: 'active' });
  });

  test('with a secret in the header', async () => {
    expect(await revoke({}, { authorization: 'Basic Y2xpZW50LWE6cw==' })).toMatchObject({
      result: { error: { reason: 'secret-unexpected', method: 'basic' } },
      status: 'active',
    });
  });
});
