import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * The AWS commands of the runbook, read by the AWS CLI itself: it checks operation and arguments before it opens a
 * connection, and nothing answers where it is sent.
 */
const NOWHERE = 'http://127.0.0.1:9';
const installed = spawnSync('aws', ['--version']).status === 0;
const REASON = 'the AWS CLI is not installed, so nobody checks the arguments of its commands';
if (!installed) process.stderr.write(`Skipped: ${REASON}.\n`);

const runbook = readFileSync('infra/RUNBOOK.md', 'utf8');
const blocks = [...runbook.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text.replaceAll(/\\\n\s*/g, ' '));
const inBlocks = blocks.flatMap((text) => text.split('\n')).map((line) => line.trim());
const inText = [...runbook.matchAll(/`(aws [^`]+ --[^`]+)`/g)].map(([, command = '']) => command);
const commands = new Set([...inBlocks, ...inText].filter((line) => line.startsWith('aws ')));

/** Placeholders become names that AWS could have given, and what would ask AWS for a name becomes that name. */
function filledIn(command: string): string {
  return command.replaceAll(/"\$\(log_of [^)]+\)"/g, 'a-log-group').replaceAll(/<[^>]+>/g, 'a-name-of-some-length');
}

function complaintOf(command: string): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL: NOWHERE,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_MAX_ATTEMPTS: '1',
  };
  return new Promise((resolve) => {
    execFile('bash', ['-c', filledIn(command)], { env }, (_, __, stderr) => resolve(stderr));
  });
}

test('there are many, and each is found', () => {
  expect(commands.size).toBeGreaterThan(25);
  expect(inBlocks.filter((line) => /\baws /.test(line) && !line.startsWith('aws '))).toEqual([]);
});

test.concurrent.for([...commands])('%s', { timeout: 60_000 }, async (command, context) => {
  const { expect } = context;
  if (!installed) context.skip(REASON);
  expect(await complaintOf(command)).toContain(`Could not connect to the endpoint URL: "${NOWHERE}`);
});
