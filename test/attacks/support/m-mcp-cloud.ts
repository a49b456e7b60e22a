import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSqlReader } from '../../../functions/adapters/data-api.ts';
import { rowContextKeyOf } from '../../../functions/adapters/row-context.ts';
import { createSecretReader } from '../../../functions/adapters/secrets.ts';
import { systemClock } from '../../../functions/adapters/system.ts';
import type { CloudOptions } from '../../../infra/local/cloud.ts';
import { auditRowsFor } from '../../support/audit-rows.ts';
import { aCaller } from '../../support/callers.ts';
import { type McpAnswer, modernMessage, postMcp } from '../../support/mcp-wire.ts';
import { type MintToken, mintOf } from '../../support/minted-tokens.ts';
import { type OwnCloud, startOwnCloud } from '../../support/own-cloud.ts';
import { clientOptionsOf, variablesOf } from './t-roles.ts';

export type Called = McpAnswer & { readonly requestId: string };

export type McpCloud = {
  readonly cloud: OwnCloud;
  readonly mint: MintToken;
  /** Every line of every function, with the function's name before it. */
  readonly lines: readonly string[];
  /** A tools/call of revision 2026-07-28 under this whole Authorization header. */
  readonly callWith: (authorization: string | undefined, tool: string, input: unknown) => Promise<Called>;
  readonly call: (token: string, tool: string, input?: unknown) => Promise<Called>;
  /** Whether any tool was run, or refused on the record, for a request. Every call leaves a row, so no row is no call. */
  readonly recorded: (requestId: string) => ReturnType<typeof auditRowsFor>;
  /** Notes there are, by tenant, asked of PostgreSQL as the reader. */
  readonly notes: () => Promise<Readonly<Record<'north' | 'south', number>>>;
  readonly close: () => Promise<void>;
};

/** A cloud in this process whose /mcp is tested with tokens that nobody had to sign in for. */
export async function startMcpCloud(options: Partial<CloudOptions> = {}): Promise<McpCloud> {
  const lines: string[] = [];
  const { settings, ...rest } = options;
  const cloud = await startOwnCloud({
    identityProvider: false,
    onLog: (name, line) => void lines.push(`${name} ${line}`),
    settings: { throttle: { mcp: { rate: 10_000, burst: 5_000 } }, ...settings },
    ...rest,
  });
  const callWith: McpCloud['callWith'] = async (authorization, tool, input) => {
    const named = authorization === undefined ? {} : { authorization };
    const sent = modernMessage('tools/call', { name: tool, arguments: input });
    const answer = await postMcp(cloud.mcpUrl, sent, undefined, named);
    return { ...answer, requestId: requestIdOf(answer) };
  };
  const its = variablesOf(cloud, 'mcp');
  const role = clientOptionsOf(cloud, 'mcp');
  const secretArn = its.DATABASE_SECRET_ARN ?? '';
  const read = createSqlReader({
    client: new RDSDataClient(role),
    clusterArn: its.DATABASE_CLUSTER_ARN ?? '',
    secretArn,
    database: its.DATABASE_NAME ?? '',
    contextKey: rowContextKeyOf(createSecretReader(new SecretsManagerClient(role)), secretArn),
    clock: systemClock,
  });
  const count = async (tenant: string): Promise<number> => {
    const statement = { text: 'SELECT count(id)::int AS n FROM app.notes', values: [] };
    const answer = await read(aCaller({ tenant }), statement, AbortSignal.timeout(10_000));
    if (!answer.ok) throw new Error(`the notes could not be counted: ${answer.error.detail}`);
    return Number(answer.value[0]?.n);
  };
  return {
    cloud,
    mint: mintOf(cloud),
    lines,
    callWith,
    call: (token, tool, input = {}) => callWith(`Bearer ${token}`, tool, input),
    recorded: (requestId) => auditRowsFor(cloud, requestId),
    notes: async () => ({ north: await count('north'), south: await count('south') }),
    close: cloud.close,
  };
}

/** The id API Gateway gave a request, by which the log and the audit log know it. */
export function requestIdOf({ headers }: { readonly headers: Headers }): string {
  return headers.get('apigw-requestid') ?? '';
}
