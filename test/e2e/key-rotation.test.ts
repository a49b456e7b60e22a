import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloudOptions } from '../../infra/local/cloud.ts';
import { gatehouse } from '../attacks/support/l-operator.ts';
import { type FlowCloud, startFlowCloud, type TokenPair } from '../attacks/support/t-flow.ts';
import { freeTriple } from '../support/free-ports.ts';
import { modernMessage, postMcp } from '../support/mcp-wire.ts';

/** One stack, deployed four times on the same data: before a rotation, announced, rotated, and without the old token key. */
let directory: string;
let ports: CloudOptions['ports'];
let here: FlowCloud | undefined;
const files = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-rotation-'));
  chmodSync(directory, 0o755);
  const gateway = await freeTriple();
  ports = { gateway, identity: gateway + 1, aws: gateway + 2 };
});
afterAll(async () => {
  await here?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function deploy(settings: NonNullable<CloudOptions['settings']>): Promise<FlowCloud> {
  await here?.close();
  here = await startFlowCloud({
    directory: files('state'),
    ports,
    settings: { database: { kind: 'none' }, ...settings },
  });
  return here;
}

const kidOf = ({ accessToken }: TokenPair) => decodeProtectedHeader(accessToken).kid;
const statusOf = async ({ cloud }: FlowCloud, { accessToken }: TokenPair) =>
  (await postMcp(cloud.mcpUrl, modernMessage('tools/call', { name: 'whoami', arguments: {} }), accessToken)).status;
async function kidsOf({ cloud }: FlowCloud): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${cloud.issuer}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}
const audit = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await gatehouse(files('state'), 'audit', ...args);
  return { code, stdout, stderr };
};

describe('two keys that are replaced by setting', () => {
  let clientId: string;
  let old: TokenPair;
  let oldKid: string | undefined;
  let fresh: TokenPair;

  test('begin as one each', { timeout: 120_000 }, async () => {
    const cloud = await deploy({});
    ({ id: clientId } = await cloud.register());
    old = await cloud.redeem(await cloud.login(clientId));
    oldKid = kidOf(old);
    expect(await kidsOf(cloud)).toEqual([oldKid]);
    expect(await statusOf(cloud, old)).toBe(200);
    writeFileSync(files('first.pem'), (await audit('key')).stdout);
    expect(await audit('export', '--out', files('before'))).toMatchObject({ code: 0 });
    expect(await audit('verify', '--export', files('before'), '--pubkey', files('first.pem'))).toMatchObject({
      code: 0,
    });
  });

  test('are announced: the new token key is published, and the old one signs', { timeout: 120_000 }, async () => {
    const cloud = await deploy({ tokenKeys: [1, 2] });
    const [signing, announced, ...more] = await kidsOf(cloud);
    expect([signing, more]).toEqual([oldKid, []]);
    expect(announced).not.toBe(oldKid);
    old = await cloud.refresh(clientId, old.refreshToken);
    expect(kidOf(old)).toBe(oldKid);
  });

  test('change over: tokens of both are good, new ones have the new kid', { timeout: 120_000 }, async () => {
    const cloud = await deploy({ tokenKeys: [2, 1], audit: { signingKey: 2 } });
    fresh = await cloud.redeem(await cloud.login(clientId, 'bob'));
    const [signing, second] = await kidsOf(cloud);
    expect([kidOf(fresh), second]).toEqual([signing, oldKid]);
    expect(kidOf(fresh)).not.toBe(oldKid);
    expect([await statusOf(cloud, old), await statusOf(cloud, fresh)]).toEqual([200, 200]);
    expect(kidOf(await cloud.refresh(clientId, old.refreshToken))).toBe(kidOf(fresh));
  });

  test('go on with one row of checkpoints, which only both keys of the log prove', { timeout: 120_000 }, async () => {
    const keys = await audit('key');
    expect(keys.stderr).toMatch(/^key [0-9a-f]{64}\nkey [0-9a-f]{64}, which signed before\n$/);
    writeFileSync(files('both.pem'), keys.stdout);
    expect(keys.stdout).toContain(readFileSync(files('first.pem'), 'utf8'));
    expect(await audit('export', '--out', files('after'))).toMatchObject({ code: 0 });

    const whole = await audit('verify', '--export', files('after'), '--pubkey', files('both.pem'), '--json');
    const { verdict, keys: signedBy, checkpoints } = JSON.parse(whole.stdout);
    expect([whole.code, verdict, signedBy.length]).toEqual([0, 'whole', 2]);
    expect(checkpoints.count).toBeGreaterThanOrEqual(2);
    const offline = await audit('verify', '--export', files('after'), '--json');
    expect(JSON.parse(offline.stdout).findings).toEqual([expect.objectContaining({ reason: 'key' })]);
    const running = await audit('verify', '--json');
    expect(JSON.parse(running.stdout).findings.map(({ reason }: { reason: string }) => reason)).not.toContain(
      'signature',
    );
    for (const one of ['first.pem']) {
      const { code, stdout } = await audit('verify', '--export', files('after'), '--pubkey', files(one));
      expect([code, stdout]).toEqual([1, expect.stringContaining('not among those that you trust')]);
    }
  });

  test('end with the new token key alone: tokens of the old one are refused', { timeout: 120_000 }, async () => {
    const cloud = await deploy({ tokenKeys: [2], audit: { signingKey: 2 } });
    expect(await kidsOf(cloud)).toEqual([kidOf(fresh)]);
    expect([await statusOf(cloud, old), await statusOf(cloud, fresh)]).toEqual([401, 200]);
  });
});
