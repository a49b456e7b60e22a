import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KMSClient } from '@aws-sdk/client-kms';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { calculateJwkThumbprint } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPublicKeyReader } from '../../functions/adapters/kms-public-keys.ts';
import { createSecretReader, readLogin } from '../../functions/adapters/secrets.ts';

/** KMS and Secrets Manager on the wire of the real clients, answering what the test says. */
let server: Server;
let answers: Record<string, unknown>[];
let asked: Record<string, unknown>[];
let kms: KMSClient;
let secretsManager: SecretsManagerClient;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    asked.push(JSON.parse(Buffer.concat(chunks).toString()));
    const answer = answers.shift();
    response.writeHead(answer ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer ?? { __type: 'ResourceNotFoundException', message: 'nothing' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  };
  kms = new KMSClient(options);
  secretsManager = new SecretsManagerClient(options);
});
beforeEach(() => {
  answers = [];
  asked = [];
});
afterAll(async () => {
  kms.destroy();
  secretsManager.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const asKms = (key: KeyObject, usage = 'SIGN_VERIFY') => ({
  PublicKey: key.export({ format: 'der', type: 'spki' }).toString('base64'),
  KeyUsage: usage,
});

test('a P-256 key becomes a JWK named by its thumbprint, without a private member', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  answers = [asKms(publicKey)];
  const jwk = await createPublicKeyReader(kms)('arn:key');
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' });
  expect(jwk).toEqual({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' });
  expect(asked).toEqual([{ KeyId: 'arn:key' }]);
});

test('a key that cannot sign ES256 is refused', async () => {
  const { publicKey: larger } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const { publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { publicKey: agreement } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  answers = [asKms(larger), asKms(rsa), asKms(agreement, 'KEY_AGREEMENT')];
  for (const message of ['no P-256 key', 'no P-256 key', 'no signing key']) {
    await expect(createPublicKeyReader(kms)('arn:key')).rejects.toThrow(message);
  }
});

test('a secret is read once, however many ask', async () => {
  answers = [{ SecretString: 'one' }, { SecretString: 'two' }];
  const read = createSecretReader(secretsManager);
  expect(await Promise.all([read('a'), read('a'), read('a')])).toEqual(['one', 'one', 'one']);
  expect(await read('b')).toBe('two');
  expect(asked).toHaveLength(2);
});

test('a read that failed is tried again by the next', async () => {
  const read = createSecretReader(secretsManager);
  await expect(read('a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  answers = [{ SecretString: 'later' }];
  expect(await read('a')).toBe('later');
});

test.each(['plain text', '{"username":"mcp_reader"}', '{"username":"","password":"x"}', '[]'])(
  'a secret that is no login is refused without being quoted: %s',
  async (text) => {
    const failing = readLogin(async () => text, 'arn:secret');
    await expect(failing).rejects.toThrow('the secret arn:secret is no JSON object with username and password');
    await expect(failing).rejects.not.toThrow(text);
  },
);

test('a login is what RDS and the stack write, and other members do not matter', async () => {
  const text = '{"username":"mcp_reader","password":"p","engine":"postgres","port":5432}';
  expect(await readLogin(async () => text, 'arn')).toEqual({ username: 'mcp_reader', password: 'p' });
});
