import { userInfo } from 'node:os';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { Problem } from '../problem.ts';
import { localStack, type Session, telling } from './local-stack.ts';
import { type RecordChange, recordChanges } from './on-record.ts';

/** One table, as the operator: with the credentials of the role Operator, which may do what this command does. */
export type OperatorTable = { readonly client: DynamoDBClient; readonly table: string };

/** Where a deployed stack is. Its outputs have both; there is no client for CloudFormation here to ask it for them. */
export type Deployed = {
  readonly role: string | undefined;
  readonly table: string | undefined;
  /** Where changes are put on record; what only reads needs none. */
  readonly auditTable: string | undefined;
};

type Which = { readonly flag: '--registry-table' | '--grants-table'; readonly output: string };
const REGISTRY: Which = { flag: '--registry-table', output: 'RegistryTableName' };
const GRANTS: Which = { flag: '--grants-table', output: 'GrantsTableName' };

/** Kinds of options, in the form of node:util's parseArgs. */
export const FLAG = { type: 'boolean', default: false } as const;
export const TEXT = { type: 'string' } as const;
export const TEXTS = { type: 'string', multiple: true, default: [] as string[] } as const;

/** How a command is used: its lines, and how a deployed stack is named. */
export function usageOf(commands: readonly string[], which: 'registry' | 'grants'): string {
  const { flag, output } = which === 'registry' ? REGISTRY : GRANTS;
  return [
    'Usage:',
    ...commands.map((command) => `  ${command}`),
    'This is about the stack that runs on this machine. For a deployed one add, from the outputs of its service stack,',
    `  --role <OperatorRoleArn> ${flag} <${output}>, and for a change --audit-table <AuditTableName>`,
    'with credentials that may assume that role and a region, both as the AWS CLI takes them (AWS_PROFILE, AWS_REGION).',
  ].join('\n');
}

/**
 * Runs `work` on a table of the deployed stack that is named, or of the local one.
 *
 * @throws Problem when it is named by halves, when no local stack runs, or when AWS refuses
 */
export async function asOperator<T>(
  which: 'registry' | 'grants',
  deployed: Deployed,
  work: (table: OperatorTable, record: RecordChange) => Promise<T>,
): Promise<T> {
  const { client, table, record } = open(which === 'registry' ? REGISTRY : GRANTS, deployed);
  try {
    return await work({ client, table }, record);
  } catch (error) {
    throw error instanceof Problem ? error : told(error, table);
  } finally {
    client.destroy();
  }
}

function open(
  { flag, output }: Which,
  { role, table, auditTable }: Deployed,
): OperatorTable & { record: RecordChange } {
  const { session, who } = aSession();
  if (role === undefined && table === undefined) {
    const stack = localStack();
    const credentials = stack.as(stack.output('OperatorRoleArn'), session);
    const client = new DynamoDBClient({ endpoint: stack.endpoint, region: stack.region, credentials });
    const record = recordChanges({ client, table: stack.output('AuditTableName'), who: () => who(client) });
    return { client, table: stack.output(output), record };
  }
  if (role === undefined || table === undefined) {
    const missing = role === undefined ? '--role (the output OperatorRoleArn)' : `${flag} (the output ${output})`;
    throw new Problem(`A deployed stack is named by --role and ${flag} together, and ${missing} is missing. Add it.`);
  }
  const credentials = fromTemporaryCredentials({
    params: { RoleArn: role, RoleSessionName: session.name },
    clientPlugins: [telling(session)],
  });
  const client = new DynamoDBClient({ credentials });
  const record =
    auditTable === undefined ? withoutRecord : recordChanges({ client, table: auditTable, who: () => who(client) });
  return { client, table, record };
}

const withoutRecord: RecordChange = async () => {
  throw new Problem(
    'Nothing was changed: a change is put on record first, and --audit-table (the output AuditTableName) is missing. Add it.',
  );
};

/** A session that says who opened it on this computer. CloudTrail has with whose credentials. */
function aSession(): { readonly session: Session; readonly who: (client: DynamoDBClient) => Promise<string> } {
  let arn: string | undefined;
  const user = userInfo().username.replaceAll(/[^\w+=,.@-]/g, '_');
  return {
    session: {
      name: `gatehouse-cli.${user}`.slice(0, 64),
      assumed: (assumed) => {
        arn = assumed;
      },
    },
    who: async (client) => {
      await client.config.credentials();
      if (arn === undefined) throw new Problem('Nothing was changed: AWS did not say who is asking. Run it again.');
      return arn;
    },
  };
}

/** What went wrong at AWS, in a sentence. What is no answer of AWS and no lack of settings is a bug, and stays one. */
function told(error: unknown, table: string): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message } = error;
  switch (name) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return new Problem(`AWS refused: ${message}. Use credentials that may assume the role Operator of this stack.`);
    case 'ResourceNotFoundException':
      return new Problem(`There is no table ${table} in this region and account. Compare it with the stack's outputs.`);
    case 'CredentialsProviderError':
      return new Problem(`No AWS credentials: ${message}. Set AWS_PROFILE, or sign in with the AWS CLI.`);
    case 'ProvisionedThroughputExceededException':
    case 'ThrottlingException':
      return new Problem(`The table ${table} is throttled (${name}). What was done so far is done; run it again.`);
    case 'ExpiredTokenException':
      return new Problem(`The AWS credentials have expired: ${message}. Sign in again.`);
    default:
      if (message === 'Region is missing') return new Problem('No AWS region is set. Set AWS_REGION.');
      if ('code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND')) {
        return new Problem(`Nothing answers where DynamoDB should be (${error.code}). Is the stack still running?`);
      }
      return error;
  }
}
