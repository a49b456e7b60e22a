import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { GenerateMacCommand, GetPublicKeyCommand, KMSClient, SignCommand, VerifyMacCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

let running: RunningEndpoint;
let reader: KMSClient;
let writer: KMSClient;
let signingKey: string;
let macKey: string;

beforeAll(async () => {
  running = await startEndpoint();
  reader = new KMSClient(running.as('ReaderFunction'));
  writer = new KMSClient(running.as('WriterFunction'));
  signingKey = running.arn('SigningKey');
  macKey = running.arn('MacKey');
});
afterAll(() => running.close());

const message = Buffer.from('what is signed');

async function publicKey() {
  const { PublicKey } = await writer.send(new GetPublicKeyCommand({ KeyId: signingKey }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
}

function sign(client: KMSClient, more: Partial<ConstructorParameters<typeof SignCommand>[0]> = {}) {
  const input = { KeyId: signingKey, Message: message, SigningAlgorithm: 'ECDSA_SHA_256', ...more } as const;
  return client.send(new SignCommand(input));
}

describe('Sign', () => {
  test('gives a DER signature that node:crypto verifies with the public key', async () => {
    const { Signature, KeyId, SigningAlgorithm } = await sign(writer);
    expect([KeyId, SigningAlgorithm]).toEqual([signingKey, 'ECDSA_SHA_256']);
    expect(verify('sha256', message, await publicKey(), Signature ?? Buffer.alloc(0))).toBe(true);
  });

  test('of a digest verifies against the message, whatever the length of its numbers', async () => {
    const key = await publicKey();
    for (let n = 0; n < 60; n++) {
      const text = Buffer.from(`message ${n}`);
      const digest = createHash('sha256').update(text).digest();
      const { Signature } = await sign(writer, { Message: digest, MessageType: 'DIGEST' });
      expect(verify('sha256', text, key, Signature ?? Buffer.alloc(0))).toBe(true);
      expect(verify('sha256', message, key, Signature ?? Buffer.alloc(0))).toBe(false);
    }
  });

  test('takes the key by id and by alias, and is judged by its ARN', async () => {
    for (const KeyId of [running.ref('SigningKey'), 'alias/desk-signing']) {
      expect((await sign(writer, { KeyId })).KeyId).toBe(signingKey);
      expect(running.calls.at(-1)?.resource).toBe(signingKey);
    }
  });

  test.each([
    ['a digest of the wrong length', { Message: message, MessageType: 'DIGEST' as const }, 'ValidationException'],
    ['more than 4096 bytes', { Message: Buffer.alloc(4097, 1) }, 'ValidationException'],
  ])('refuses %s', async (_, more, code) => {
    expect((await failureOf(sign(writer, more))).name).toBe(code);
  });
});

describe('permission to sign', () => {
  test('needs the key policy, not only the role’s own', async () => {
    const failure = await failureOf(sign(reader));
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toContain('because no resource-based policy allows the kms:Sign action');
  });

  test('needs the role’s own policy, not only that the key policy hands it to the account', async () => {
    const failure = await failureOf(reader.send(new GetPublicKeyCommand({ KeyId: signingKey })));
    expect(failure.message).toContain('because no identity-based policy allows the kms:GetPublicKey action');
  });

  test('may be bound to an algorithm', async () => {
    const failure = await failureOf(sign(writer, { SigningAlgorithm: 'ECDSA_SHA_384' }));
    expect(failure.name).toBe('AccessDeniedException');
  });

  test('with a key that does not exist is denied like one that may not be used', async () => {
    const KeyId = '00000000-0000-0000-0000-000000000000';
    expect((await failureOf(sign(writer, { KeyId }))).name).toBe('AccessDeniedException');
  });
});

describe('GenerateMac and VerifyMac', () => {
  const mac = { KeyId: '', Message: message, MacAlgorithm: 'HMAC_SHA_256' } as const;

  test('agree, and the code depends on the message', async () => {
    const { Mac } = await writer.send(new GenerateMacCommand({ ...mac, KeyId: macKey }));
    const { MacValid } = await writer.send(new VerifyMacCommand({ ...mac, KeyId: macKey, Mac }));
    expect(MacValid).toBe(true);
    const other = { ...mac, KeyId: macKey, Mac, Message: Buffer.from('another message') };
    expect((await failureOf(writer.send(new VerifyMacCommand(other)))).name).toBe('KMSInvalidMacException');
  });

  test('are HMAC-SHA-256 under the key in the state directory', async () => {
    const { Mac } = await writer.send(new GenerateMacCommand({ ...mac, KeyId: macKey }));
    const kept = running.state.read<Record<string, { material: string }>>('keys')?.[running.ref('MacKey')];
    const expected = createHmac('sha256', Buffer.from(kept?.material ?? '', 'base64'))
      .update(message)
      .digest();
    expect(Buffer.from(Mac ?? [])).toEqual(expected);
  });

  test('do not sign, and the signing key makes no codes', async () => {
    expect((await failureOf(sign(writer, { KeyId: macKey }))).name).toBe('AccessDeniedException');
    const wrong = new GenerateMacCommand({ ...mac, KeyId: signingKey });
    expect((await failureOf(writer.send(wrong))).name).toBe('AccessDeniedException');
  });
});
