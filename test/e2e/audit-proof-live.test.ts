import { readFileSync, writeFileSync } from 'node:fs';
import { DeleteItemCommand, DynamoDBClient, ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { AuditRecord } from '../../functions/core/audit/record.ts';
import { gatehouse } from '../attacks/support/l-operator.ts';
import { clientOptionsOf, variablesOf } from '../attacks/support/t-roles.ts';
import { type ProofStand, startProofStand } from '../support/proof-stand.ts';

/** The proof of a running stack; then with its own table changed, as nobody's permissions allow. */

let stand: ProofStand;
beforeAll(async () => {
  stand = await startProofStand();
}, 300_000);
afterAll(() => stand?.close());

describe('the roles of the proof', () => {
  const denied = { name: 'AccessDeniedException' };
  const insert = (pk: string) =>
    new ExecuteStatementCommand({
      Statement: `INSERT INTO "${table()}" VALUE {'pk': ?, 'sk': ?}`,
      Parameters: [{ S: pk }, { S: '999999999' }],
    });
  const table = () => variablesOf(stand.cloud(), 'seal').AUDIT_TABLE ?? '';

  test('seal adds checkpoints only, signs with its own key only, and cannot take a copy away', async () => {
    const options = clientOptionsOf(stand.cloud(), 'seal');
    const dynamodb = new DynamoDBClient(options);
    await expect(dynamodb.send(insert('S#forged'))).rejects.toMatchObject(denied);
    await expect(dynamodb.send(insert('D#2026-01-01#0'))).rejects.toMatchObject(denied);
    const Key = { pk: { S: 'C#checkpoints' }, sk: { S: '000000001' } };
    await expect(dynamodb.send(new DeleteItemCommand({ TableName: table(), Key }))).rejects.toMatchObject(denied);
    const s3 = new S3Client({ ...options, forcePathStyle: true });
    const copy = { Bucket: variablesOf(stand.cloud(), 'seal').AUDIT_BUCKET ?? '', Key: 'checkpoints/000000001.json' };
    await expect(s3.send(new DeleteObjectCommand(copy))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(signed('seal', variablesOf(stand.cloud(), 'token').TOKEN_SIGNING_KEY_ARN)).rejects.toMatchObject(
      denied,
    );
  });

  test.each(['mcp', 'mcp-write', 'token', 'authorize', 'register'])('%s cannot sign a checkpoint', async (name) => {
    const key = variablesOf(stand.cloud(), 'seal').AUDIT_SIGNING_KEY_ARN;
    await expect(signed(name, key)).rejects.toMatchObject(denied);
  });

  async function signed(name: string, KeyId: string | undefined): Promise<void> {
    const command = new SignCommand({
      KeyId,
      Message: Buffer.alloc(32),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    await new KMSClient(clientOptionsOf(stand.cloud(), name)).send(command);
  }
});

/** A stack that stops and starts again takes its time on two busy cores. */
const restarted = 240_000;

describe('the running stack', () => {
  test('is proved whole, and what came after the last checkpoint is shown', async () => {
    expect(await stand.proven()).toMatchObject({ code: 0, verdict: 'whole', unsealed: { records: 0 } });
    await stand.calls();
    const after = await stand.proven();
    expect(after).toMatchObject({ code: 0, verdict: 'whole' });
    expect(after.unsealed.records).toBeGreaterThan(3);
  });

  test('is proved in the same way where it is named by the outputs of its deployment', async () => {
    const read = (name: string) => JSON.parse(readFileSync(stand.path('state', `${name}.json`), 'utf8'));
    const { awsUrl, outputs } = read('running');
    const { accessKeyId, secretAccessKey } = read('developer');
    writeFileSync(stand.path('outputs.json'), JSON.stringify({ 'gatehouse-dev-service': outputs }));
    vi.stubEnv('AWS_ENDPOINT_URL', awsUrl);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
    const named = (...args: readonly string[]) =>
      gatehouse('/nowhere', 'audit', ...args, '--outputs', stand.path('outputs.json'));
    expect(await named('export', '--out', stand.path('named'))).toMatchObject({ code: 0, stderr: '' });
    expect(await named('verify')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Verdict +whole$/m) });
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    expect(await named('verify')).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/^AWS did not/) });
    vi.unstubAllEnvs();
  });

  test('is not yet proved for a day that is not over', async () => {
    const today = new Date().toISOString().slice(0, 10);
    expect(await stand.run('export', '--out', stand.path('today'), '--from', today)).toMatchObject({ code: 0 });
    const period = ['--export', stand.path('today'), ...stand.key, '--from', today, '--to', today];
    const proof = await stand.proven(...period);
    expect(proof).toMatchObject({ code: 2, verdict: 'incomplete', findings: [{ reason: 'unsealed' }] });
    expect((await stand.run('verify', ...period)).stdout).toContain('from 00:15 UTC of the next on');
  });

  test(
    'whose table somebody changed is tampered, with the record named, and the seal says so too',
    async () => {
      const records = stand.linesIn('export', 'records.jsonl').map((line) => JSON.parse(line) as AuditRecord);
      const { s, n } = records.find(({ k, f }) => k === 'search_orders' && f === 'call') ?? expect.fail('no such call');
      await stand.offline(async (database, table) => {
        const Key = { pk: { S: `S#${s}` }, sk: { S: String(n).padStart(9, '0') } };
        await database.call('UpdateItem', {
          TableName: table,
          Key,
          UpdateExpression: 'SET x = :x',
          ExpressionAttributeValues: { ':x': { S: 'denied' } },
        });
      });
      expect(await stand.proven()).toMatchObject({ code: 1, findings: [{ reason: 'hash', stream: s, record: n }] });
      expect(await stand.run('export', '--out', stand.path('after'))).toMatchObject({ code: 0 });
      expect(await stand.proven('--export', stand.path('after'), ...stand.key)).toMatchObject({
        code: 1,
        findings: [{ reason: 'hash', stream: s, record: n }],
      });
    },
    restarted,
  );

  test(
    'whose last checkpoint somebody removed, with what it sealed, is told on by the locked copy',
    async () => {
      const newest = (await stand.proven()).checkpoints.last ?? expect.fail('there is no checkpoint');
      await stand.offline(async (database, table) => {
        const Key = { pk: { S: 'C#checkpoints' }, sk: { S: String(newest).padStart(9, '0') } };
        await database.call('DeleteItem', { TableName: table, Key });
      });
      const { code, findings } = await stand.proven();
      expect(code).toBe(1);
      expect(findings).toContainEqual(
        expect.objectContaining({
          verdict: 'tampered',
          reason: 'copy',
          checkpoint: newest,
          detail: expect.stringContaining('cut off'),
        }),
      );
    },
    restarted,
  );
});
