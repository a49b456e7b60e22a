import { createHmac, createPublicKey, sign, timingSafeEqual } from 'node:crypto';
import type { State } from '../../state.ts';
import type { Assembly } from '../../template/assembly.ts';
import type { JsonObject } from '../../template/json.ts';
import { regionalArn } from '../../template/physical-id.ts';
import type { Resolver } from '../../template/resolver.ts';
import { AwsError } from '../aws-error.ts';
import { json, type Operation, readTarget, requiredText, type Service } from '../operation.ts';
import { signDigest } from './digest-signature.ts';
import { type Key, openKeys } from './keys.ts';

/** Bytes of Message that Sign and GenerateMac take. */
const LARGEST_MESSAGE = 4096;

type Keys = ReadonlyMap<string, Key>;

/** KMS: Sign, GetPublicKey, GenerateMac and VerifyMac with the keys of the template. */
export function createKms(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
}): Service {
  const keys = openKeys(options.assembly, options.resolver, options.state);
  return {
    protocol: 'json-1.1',
    read: readTarget('TrentService'),
    operations: new Map<string, Operation>([
      ['Sign', operation(keys, 'Sign', runSign)],
      ['GetPublicKey', operation(keys, 'GetPublicKey', runGetPublicKey)],
      ['GenerateMac', operation(keys, 'GenerateMac', runGenerateMac)],
      ['VerifyMac', operation(keys, 'VerifyMac', runVerifyMac)],
    ]),
  };
}

function operation(keys: Keys, name: string, run: (key: Key, input: JsonObject) => JsonObject): Operation {
  return {
    needs: ({ input }) => {
      const id = requiredText(input, 'KeyId');
      // An unknown key has no policy, so it is denied like one that may not be used: nobody learns which keys exist.
      const resource = keys.get(id)?.arn ?? (id.startsWith('arn:') ? id : regionalArn('kms', `key/${id}`));
      return [{ action: `kms:${name}`, resource, context: contextOf(name, input) }];
    },
    run: ({ input }) => {
      const id = requiredText(input, 'KeyId');
      const key = keys.get(id);
      if (!key) throw new AwsError('NotFoundException', `Key '${id}' does not exist`);
      return json({ KeyId: key.arn, ...run(key, input) });
    },
  };
}

function contextOf(name: string, input: JsonObject): Record<string, string> {
  const context: Record<string, string> = {};
  if (typeof input.SigningAlgorithm === 'string') context['kms:SigningAlgorithm'] = input.SigningAlgorithm;
  if (typeof input.MacAlgorithm === 'string') context['kms:MacAlgorithm'] = input.MacAlgorithm;
  if (name === 'Sign') context['kms:MessageType'] = String(input.MessageType ?? 'RAW');
  return context;
}

function runSign(key: Key, input: JsonObject): JsonObject {
  if (key.spec !== 'ECC_NIST_P256') throw wrongUsage(key, 'Sign');
  requireAlgorithm(input, 'SigningAlgorithm', 'ECDSA_SHA_256');
  const message = messageOf(input);
  const type = input.MessageType ?? 'RAW';
  if (type !== 'RAW' && type !== 'DIGEST') throw invalid(`MessageType "${String(type)}" is neither RAW nor DIGEST.`);
  if (type === 'DIGEST' && message.length !== 32) {
    throw invalid('Digest is invalid length for algorithm ECDSA_SHA_256.');
  }
  const signature = type === 'RAW' ? sign('sha256', message, key.privateKey) : signDigest(message, key.privateKey);
  return { Signature: signature.toString('base64'), SigningAlgorithm: 'ECDSA_SHA_256' };
}

function runGetPublicKey(key: Key): JsonObject {
  if (key.spec !== 'ECC_NIST_P256') throw wrongUsage(key, 'GetPublicKey');
  const spki = createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' });
  return {
    PublicKey: spki.toString('base64'),
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    KeyUsage: 'SIGN_VERIFY',
    SigningAlgorithms: ['ECDSA_SHA_256'],
  };
}

function runGenerateMac(key: Key, input: JsonObject): JsonObject {
  return { Mac: macOf(key, input, 'GenerateMac').toString('base64'), MacAlgorithm: 'HMAC_SHA_256' };
}

function runVerifyMac(key: Key, input: JsonObject): JsonObject {
  const expected = macOf(key, input, 'VerifyMac');
  const given = Buffer.from(requiredText(input, 'Mac'), 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AwsError('KMSInvalidMacException', 'The HMAC does not match the message and key.');
  }
  return { MacValid: true, MacAlgorithm: 'HMAC_SHA_256' };
}

function macOf(key: Key, input: JsonObject, name: string): Buffer {
  if (key.spec !== 'HMAC_256') throw wrongUsage(key, name);
  requireAlgorithm(input, 'MacAlgorithm', 'HMAC_SHA_256');
  return createHmac('sha256', key.secret).update(messageOf(input)).digest();
}

function messageOf(input: JsonObject): Buffer {
  const message = Buffer.from(requiredText(input, 'Message'), 'base64');
  if (message.length === 0 || message.length > LARGEST_MESSAGE) {
    throw invalid(`1 validation error detected: Value at 'message' must have length between 1 and ${LARGEST_MESSAGE}`);
  }
  return message;
}

function requireAlgorithm(input: JsonObject, member: string, algorithm: string): void {
  if (input[member] === algorithm) return;
  throw new AwsError('InvalidKeyUsageException', `Algorithm ${String(input[member])} is incompatible with the key.`);
}

function wrongUsage(key: Key, name: string): AwsError {
  return new AwsError('InvalidKeyUsageException', `${key.arn} key usage does not allow ${name}.`);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
