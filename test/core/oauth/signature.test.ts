import { createHash, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { KMSClient, type SignCommandInput } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKmsSigner, p1363OfDer } from '../../../functions/adapters/kms-signer.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** An integer as DER writes it: no leading zeros, one where the first bit is set. */
function integer(bytes: Uint8Array): Buffer {
  let digits = Buffer.from(bytes);
  while (digits.length > 1 && digits[0] === 0) digits = digits.subarray(1);
  const content = (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
  return Buffer.concat([Buffer.of(2, content.length), content]);
}

function der(r: Uint8Array, s: Uint8Array): Buffer {
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

describe('a signature from KMS', () => {
  test('T19 is padded to 64 bytes, whatever r and s', () => {
    // Leading zeros are what goes wrong, so they come often.
    const coordinate = fc
      .tuple(fc.nat(32), fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([zeros, bytes]) => bytes.map((byte, i) => (i < zeros ? 0 : byte)));
    fc.assert(
      fc.property(coordinate, coordinate, (r, s) => {
        expect(Buffer.from(p1363OfDer(der(r, s)))).toEqual(Buffer.concat([r, s]));
      }),
      { numRuns: 2_000 },
    );
  });

  test('T19 verifies, ten thousand times', () => {
    let short = 0;
    for (let i = 0; i < 10_000; i++) {
      const input = randomBytes(16);
      const encoded = sign('sha256', input, privateKey);
      if (encoded.length < 70) short++;
      const signature = p1363OfDer(encoded);
      if (!verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)) throw new Error(`${i}`);
    }
    expect(short).toBeGreaterThan(0);
  });

  test('that is none is not made one', () => {
    const good = der(randomBytes(32), randomBytes(32));
    const long = der(Buffer.concat([Buffer.of(1), randomBytes(32)]), randomBytes(32));
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(1),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.of(0)]),
      long,
    ]) {
      expect(() => p1363OfDer(bad)).toThrow();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(p1363OfDer(bytes)).toHaveLength(64);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

test('the signer sends the digest, names the algorithm and gives its key the published name', async () => {
  let sent: SignCommandInput | undefined;
  const client = new KMSClient({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  client.middlewareStack.add(
    () => async (context) => {
      sent = context.input as SignCommandInput;
      const output = { Signature: sign('sha256', Buffer.from('header.payload'), privateKey) };
      return { output: { $metadata: {}, ...output }, response: {} } as never;
    },
    { step: 'initialize' },
  );
  const signer = createKmsSigner(client, 'arn:aws:kms:us-east-1:000000000000:key/1', 'thumbprint');
  const input = Buffer.from('header.payload');
  const signature = await signer.sign(input);
  expect(signer.kid).toBe('thumbprint');
  expect(sent).toMatchObject({ MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' });
  expect(Buffer.from(sent?.Message ?? [])).toEqual(createHash('sha256').update(input).digest());
  expect(verify('sha256', input, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
});
