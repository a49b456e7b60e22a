import { randomBytes } from 'node:crypto';
import { type DynamoDBClient, ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import { emptyHead, type Head, sealed } from '../../functions/core/audit/chain.ts';
import { type Item, itemOf } from '../../functions/core/audit/item.ts';
import { recordOf } from '../../functions/core/audit/record.ts';
import { commandStreamId, directoryItem, timestamp, utcDate } from '../../functions/core/audit/stream.ts';
import { Problem } from '../problem.ts';

/** What an operator is about to change. */
export type Change = {
  readonly kind: `${'clients' | 'rules' | 'grants'}.${string}`;
  readonly clientId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** A grant, an invitation, the address of a document. */
  readonly about?: string | undefined;
};

/** Resolves when the row is durable. @throws Problem when it cannot be known to be: then nothing may be changed */
export type RecordChange = (change: Change) => Promise<void>;

/** Where changes are put on record, and who makes them: the ARN of the session. */
export type ChangeLog = {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly who: () => Promise<string>;
  readonly now?: () => number;
};

type Chain = { readonly stream: string; readonly date: string; readonly head: Head };

/**
 * The audit log as one run of this command writes it: a chain of its own, each row before its change. So a change that
 * fails leaves a row too many, and none is ever missing.
 */
export function recordChanges({ client, table, who, now = Date.now }: ChangeLog): RecordChange {
  const run = randomBytes(8).toString('hex');
  let chain: Chain | undefined;
  const insert = async (item: Item) => {
    const names = Object.keys(item).map((name) => `'${name}': ?`);
    const Statement = `INSERT INTO "${table}" VALUE {${names.join(', ')}}`;
    try {
      await client.send(new ExecuteStatementCommand({ Statement, Parameters: Object.values(item) }));
    } catch (error) {
      const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly attempts?: number } };
      // Nobody else has this stream: what an attempt before it wrote, whose answer got lost, is our own row.
      if (name === 'DuplicateItemException' && ($metadata?.attempts ?? 1) > 1) return;
      throw new Problem(`Nothing was changed: it could not be put on record in ${table} (${name}: ${message}).`);
    }
  };
  const current = async (at: string): Promise<Chain> => {
    const date = at.slice(0, 10);
    if (chain?.date === date) return chain;
    const stream = commandStreamId(randomBytes);
    await insert(directoryItem(date, stream, at));
    return { stream, date, head: emptyHead(stream, date) };
  };
  return async ({ kind, clientId = '-', scopes = [], about }) => {
    const millis = now();
    const at = timestamp(millis);
    const open = await current(at);
    const event = {
      phase: 'event',
      requestId: `cli-${utcDate(millis)}-${run}`,
      subject: await who(),
      clientId,
      tool: `admin:${kind}`,
      scopes,
      decision: 'allowed',
      about,
    } as const;
    const position = { stream: open.stream, seq: open.head.seq + 1, previous: open.head.hash, at };
    const record = sealed(recordOf(event, undefined, position));
    await insert(itemOf(record));
    chain = { ...open, head: { seq: record.n, hash: record.h } };
  };
}
