import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { OperatorTable } from '../../../infra/cli/operator.ts';

export type Said = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the `gatehouse` command as a person would, against the stack whose state is in `stateDirectory`. */
export function gatehouse(stateDirectory: string, ...args: readonly string[]): Promise<Said> {
  const env = { ...process.env, GATEHOUSE_STATE: stateDirectory };
  return new Promise((resolve) => {
    execFile(process.execPath, ['infra/cli/gatehouse.mjs', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

/** The same with `--json`, which must succeed. One value for each line. */
export async function gatehouseJson<T>(stateDirectory: string, ...args: readonly string[]): Promise<readonly T[]> {
  const { code, stdout, stderr } = await gatehouse(stateDirectory, ...args.slice(0, 2), '--json', ...args.slice(2));
  if (code !== 0) throw new Error(`gatehouse ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** A table with the operator's own credentials: the developer's keys, in the role Operator. */
export function operatorTable(stateDirectory: string, which: 'Registry' | 'Grants'): OperatorTable {
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(stateDirectory, `${name}.json`), 'utf8')) as T;
  const { awsUrl: endpoint, outputs } = read<{ awsUrl: string; outputs: Record<string, string> }>('running');
  const credentials = fromTemporaryCredentials({
    masterCredentials: read<{ accessKeyId: string; secretAccessKey: string }>('developer'),
    params: { RoleArn: outputs.OperatorRoleArn ?? '', RoleSessionName: 'test' },
    clientConfig: { endpoint, region: 'us-east-1' },
  });
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  return { client, table: outputs[`${which}TableName`] ?? '' };
}
