import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Lie, startStand } from './doctor-stand.ts';

/** `gatehouse doctor` as a person runs it: arguments, lines, exit code. */
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-doctor-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

function doctor(...args: readonly string[]): Promise<Said> {
  const without = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = { ...Object.fromEntries(without), ...NOBODY };
  return new Promise((resolve) => {
    execFile(process.execPath, ['infra/cli/gatehouse.mjs', 'doctor', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** No credentials, wherever the SDK looks for them. */
const NOBODY = {
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: join(directory, 'none'),
  AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
};

describe('before a deployment', () => {
  test('it runs without credentials, and says what it did not check and why', async () => {
    const { code, stdout, stderr } = await doctor();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}ok {10,}Node\.js +24\./m);
    expect(stdout).toMatch(/^ {2}ok +settings +stage dev, identity cognito, database aurora, edge none$/m);
    expect(stdout).toMatch(/^ {2}not checked +AWS account +no AWS region is set\. Set AWS_REGION\.$/m);
    expect(stdout).toMatch(/^ {2}not checked +account and region +needs good settings and AWS credentials$/m);
    expect(stdout).toContain('npx cdk deploy --all --outputs-file outputs.json');
  });

  test('a setting that is wrong is a failure with its sentence, and so is the exit code', async () => {
    const { code, stdout } = await doctor('-c', 'gatehouse.stage=Prod');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}fail +settings +cdk\.json: gatehouse\.stage is "Prod", which is no name of a stage/m);
    expect(stdout).toContain('Put right what failed');
  });

  test('-c replaces a setting as it does for cdk deploy', async () => {
    const { stdout } = await doctor('-c', 'gatehouse.stage=prod', '--context', 'gatehouse.sampleData=false');
    expect(stdout).toMatch(/settings +stage prod/);
  });
});

describe('after it', () => {
  const standing = async (lie: Lie | undefined, work: (url: string) => Promise<Said>) => {
    const stand = await startStand(lie);
    try {
      return await work(`${stand.origin}/mcp`);
    } finally {
      await stand.close();
    }
  };

  test('a right server is exit code 0, and what to paste', async () => {
    const { code, stdout } = await standing(undefined, (url) => doctor('--url', url));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ {2}Claude Code +claude mcp add --transport http gatehouse http:\/\/127\.0\.0\.1:\d+\/mcp$/m,
    );
    expect(stdout).toMatch(/^ {2}Cursor +\.cursor\/mcp\.json +\{"mcpServers"/m);
    expect(stdout).toMatch(/^ {2}ChatGPT +comes from the internet/m);
  });

  test('a lie is exit code 1', async () => {
    const { code, stdout } = await standing(
      ({ url }) => (url === '/mcp' ? { status: 200 } : undefined),
      (url) => doctor('--url', url),
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}fail +no token/m);
  });

  test('nobody there is said once', async () => {
    const { code, stdout } = await doctor('--url', 'http://127.0.0.1:9/mcp');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}fail +the server +http:\/\/127\.0\.0\.1:9\/mcp: ECONNREFUSED\. Compare .*\n$/);
  });

  test('the outputs name the server, and the secret that a person fills', async () => {
    const file = join(directory, 'outputs.json');
    const IdentitySecretArn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf';
    const { code, stdout } = await standing(undefined, (McpUrl) => {
      writeFileSync(
        file,
        JSON.stringify({ 'gatehouse-dev-data': {}, 'gatehouse-dev-service': { McpUrl, IdentitySecretArn } }),
      );
      return doctor('--outputs', file);
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}not checked +identity secret +needs AWS credentials$/m);
  });
});

const noStack = join(directory, 'no-stack.json');
writeFileSync(noStack, '{"other":{}}');
test.each<[args: readonly string[], sentence: string]>([
  [['--url', 'http://mcp.example.com/mcp'], 'is no address of a server'],
  [['--url', 'mcp.example.com'], 'is no address of a server'],
  [['--url', 'https://mcp.example.com'], 'is not how clients are given it'],
  [['--url', 'https://MCP.example.com/mcp'], 'is not how clients are given it'],
  [['--url', 'https://me:secret@mcp.example.com/mcp'], 'is not how clients are given it'],
  [['--url', 'https://mcp.example.com/mcp', '--outputs', 'x'], 'Give one.'],
  [['--outputs', join(directory, 'none.json')], 'cannot be read'],
  [['--outputs', noStack], 'has no stack with McpUrl'],
  [['-c', 'gatehouse.stage'], 'has no value'],
  [['--fix'], "Unknown option '--fix'"],
])('%j ends with 1 and a sentence', async (args, sentence) => {
  const { code, stdout, stderr } = await doctor(...args);
  expect(stderr).toContain(sentence);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(/^ +at /m);
});
