import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { checkpointObject } from '../../../functions/core/audit/locked-copy.ts';
import type { AuditReader } from '../../../functions/core/audit/reader.ts';
import { Problem } from '../../problem.ts';
import { localStack } from '../local-stack.ts';
import { openAuditLog } from './open-audit-log.ts';

/** A stack's audit log, read in the role AuditReader; sealed in the role AuditSealer, which may do that and nothing else. */
export type AuditStack = {
  readonly reader: AuditReader;
  /** The table itself, in the same role: for its index by subject. */
  readonly log: { readonly client: DynamoDBClient; readonly table: string };
  /** The locked copy of a checkpoint; undefined when there is none. */
  readonly copyOf: (n: number) => Promise<string | undefined>;
  /** The public keys of the checkpoints, from KMS: the one that signs, then those that signed before it. */
  readonly publicKeys: () => Promise<readonly [KeyObject, ...KeyObject[]]>;
  /** One run of the seal. @throws Problem when it failed without making a checkpoint */
  readonly seal: () => Promise<Sealed>;
  readonly close: () => void;
};

/** What a run said. `broken`: it made its checkpoint, and found a stream that is not whole. */
export type Sealed = { readonly behind: boolean; readonly broken: string | undefined };

type Access = {
  readonly output: (name: string) => string;
  readonly as: (role: string) => Config;
};
type Config = {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials: ReturnType<typeof fromTemporaryCredentials>;
};

/**
 * Opens the audit log of the stack that runs on this machine, or of a deployed one.
 *
 * @param outputs the file that `cdk deploy --outputs-file` wrote; undefined for the local stack
 * @throws Problem when there is no such stack
 */
export function openAuditStack(outputs: string | undefined): AuditStack {
  const { output, as } = outputs === undefined ? local() : deployed(outputs);
  const reading = as(output('AuditReaderRoleArn'));
  const dynamodb = new DynamoDBClient(reading);
  const s3 = new S3Client({ ...reading, forcePathStyle: true });
  const kms = new KMSClient(reading);
  return {
    reader: openAuditLog(dynamodb, output('AuditTableName')),
    log: { client: dynamodb, table: output('AuditTableName') },
    copyOf: async (n) => {
      const command = new GetObjectCommand({ Bucket: output('AuditBucketName'), Key: checkpointObject(n) });
      try {
        return await (await s3.send(command)).Body?.transformToString();
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    publicKeys: async () => {
      const [first = '', ...others] = output('AuditSigningKeyArn').split(',');
      return [await publicKeyOf(kms, first), ...(await Promise.all(others.map((arn) => publicKeyOf(kms, arn))))];
    },
    seal: () => sealOnce(as(output('AuditSealerRoleArn')), output('AuditSealFunction')),
    close: () => {
      for (const client of [dynamodb, s3, kms]) client.destroy();
    },
  };
}

async function publicKeyOf(kms: KMSClient, KeyId: string): Promise<KeyObject> {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  if (PublicKey === undefined) throw new Error('KMS answered without a public key');
  return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
}

function local(): Access {
  const { endpoint, region, output, as } = localStack();
  return { output, as: (role) => ({ endpoint, region, credentials: as(role) }) };
}

function deployed(path: string): Access {
  const stacks = readJson(path);
  const found = Object.values(stacks).find((stack) => typeof stack.AuditTableName === 'string');
  if (found === undefined) {
    throw new Problem(
      `${path} has no stack with an audit log. It should be what this wrote: npx cdk deploy --all --outputs-file ${path}`,
    );
  }
  return {
    output: (name) => {
      const value = found[name];
      if (value === undefined)
        throw new Problem(`${path} has no output ${name}. Deploy this version, and write it again.`);
      return value;
    },
    as: (RoleArn) => ({
      credentials: fromTemporaryCredentials({ params: { RoleArn, RoleSessionName: 'gatehouse-cli' } }),
    }),
  };
}

function readJson(path: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Problem(`--outputs ${path} cannot be read: ${(error as Error).message}`);
  }
}

async function sealOnce(config: Config, FunctionName: string): Promise<Sealed> {
  // A run may take a minute, and one that goes on must not be joined by another.
  const lambda = new LambdaClient({ ...config, maxAttempts: 1, requestHandler: { requestTimeout: 70_000 } });
  try {
    const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
    const said = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as { behind?: boolean; errorMessage?: string };
    if (FunctionError === undefined) return { behind: said.behind === true, broken: undefined };
    const why = said.errorMessage ?? FunctionError;
    if (why.startsWith('audit chain broken')) return { behind: false, broken: why };
    throw new Problem(`The log could not be sealed: ${why}. Run it again, or export what is sealed with --no-seal.`);
  } finally {
    lambda.destroy();
  }
}
