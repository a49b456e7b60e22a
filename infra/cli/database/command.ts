import { parseArgs } from 'node:util';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { DatabaseCheck } from '../../../functions/migrate/check.ts';
import type { Privilege } from '../../../functions/migrate/privileges.ts';
import { Problem } from '../../problem.ts';
import { localStack } from '../local-stack.ts';
import { FLAG, TEXT } from '../operator.ts';
import { type Column, printable, textTable } from '../text-table.ts';

const USAGE = [
  'Usage:',
  '  gatehouse database check [--json]',
  'This is about the stack that runs on this machine. For a deployed one add, from the outputs of its service stack,',
  '  --role <DatabaseCheckerRoleArn> --function <MigrateFunctionName>',
  'with credentials that may assume that role and a region, both as the AWS CLI takes them (AWS_PROFILE, AWS_REGION).',
].join('\n');

const COLUMNS: readonly Column<Privilege>[] = [
  ['role', ({ role }) => role],
  ['kind', ({ kind }) => kind],
  ['object', ({ object }) => object],
  ['holds', ({ holds }) => holds],
];

/**
 * `gatehouse database check`: who may do what in the database of a running stack, and what of it nobody declared. Asks
 * `migrate`, the only function with the admin secret, and changes nothing. Exit code 1 when something is too much.
 *
 * @throws Problem for an argument it cannot use, or a stack it cannot reach
 */
export async function database(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  if (name !== 'check') throw new Problem(`gatehouse database has no "${name}".\n${USAGE}`);
  const { json, role, function: named } = parse(rest);
  const { privileges, excess } = await ask(role, named);
  if (excess.length > 0) process.exitCode = 1;
  process.stdout.write(
    json ? `${JSON.stringify({ privileges, excess })}\n` : `${textTable(COLUMNS, privileges)}\n${verdict(excess)}`,
  );
}

function verdict(excess: DatabaseCheck['excess']): string {
  if (excess.length === 0) return 'Nothing is granted beyond what is declared.\n';
  const lines = excess.map(({ problem, fix }) => `  ${printable(problem)}\n    fix: ${printable(fix)}\n`);
  return `Granted beyond what is declared, ${excess.length}:\n${lines.join('')}`;
}

async function ask(role: string | undefined, named: string | undefined): Promise<DatabaseCheck> {
  const { client, FunctionName } = open(role, named);
  try {
    const Payload = JSON.stringify({ Check: 'DatabasePrivileges' });
    const answer = await client.send(new InvokeCommand({ FunctionName, Payload }));
    const said = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')) as unknown;
    if (answer.FunctionError !== undefined) {
      const { errorMessage = answer.FunctionError } = said as { readonly errorMessage?: string };
      throw new Problem(`The database could not be asked: ${printable(errorMessage)}. Its log is that of migrate.`);
    }
    return said as DatabaseCheck;
  } catch (error) {
    throw error instanceof Problem ? error : told(error);
  } finally {
    client.destroy();
  }
}

function open(role: string | undefined, named: string | undefined) {
  // It waits for a database that wakes up, and migrate runs once at a time.
  const retries = { maxAttempts: 1 } as const;
  if (role === undefined && named === undefined) {
    const stack = localStack();
    const { checker, migrate } = outputsOf(stack);
    const client = new LambdaClient({
      ...retries,
      endpoint: stack.endpoint,
      region: stack.region,
      credentials: stack.as(checker),
    });
    return { client, FunctionName: migrate };
  }
  if (role === undefined || named === undefined) {
    const missing =
      role === undefined ? '--role (the output DatabaseCheckerRoleArn)' : '--function (the output MigrateFunctionName)';
    throw new Problem(
      `A deployed stack is named by --role and --function together, and ${missing} is missing. Add it.`,
    );
  }
  const credentials = fromTemporaryCredentials({ params: { RoleArn: role, RoleSessionName: 'gatehouse-cli' } });
  return { client: new LambdaClient({ ...retries, credentials }), FunctionName: named };
}

/** Both are there or none is: a stack without a database has nothing that could be asked. */
function outputsOf(stack: ReturnType<typeof localStack>) {
  try {
    return { checker: stack.output('DatabaseCheckerRoleArn'), migrate: stack.output('MigrateFunctionName') };
  } catch (error) {
    throw error instanceof Problem ? new Problem(WITHOUT_DATABASE) : error;
  }
}

const WITHOUT_DATABASE = [
  'The stack that runs has no database, so there is nothing to check and nothing was checked: it was started with',
  'gatehouse.database.kind "none" of cdk.json. With "aurora" or "existing" there, start it again: npm start',
].join('\n');

function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message } = error;
  switch (name) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return new Problem(`AWS refused: ${message}. Use credentials that may assume the role DatabaseChecker.`);
    case 'ResourceNotFoundException':
      return new Problem(`There is no such function: ${message}. Compare it with the output MigrateFunctionName.`);
    case 'TooManyRequestsException':
      return new Problem('migrate is running, for a deployment or another check. Run this again when it is done.');
    case 'CredentialsProviderError':
      return new Problem(`No AWS credentials: ${message}. Set AWS_PROFILE, or sign in with the AWS CLI.`);
    case 'ExpiredTokenException':
      return new Problem(`The AWS credentials have expired: ${message}. Sign in again.`);
    default:
      return message === 'Region is missing' ? new Problem('No AWS region is set. Set AWS_REGION.') : error;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { json: FLAG, role: TEXT, function: TEXT } }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}
