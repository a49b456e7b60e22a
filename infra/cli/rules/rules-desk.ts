import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import type { DocumentRule, HostRules } from '../../../functions/core/oauth/cimd/rule.ts';
import { readRuleItem, ruleItem, ruleKey } from '../../../functions/core/oauth/cimd/rule-item.ts';
import { Problem } from '../../problem.ts';
import type { OperatorTable } from '../operator.ts';

/** A rule as it stands, or what is wrong with the item of its host. */
export type Entry = {
  readonly host: string;
  readonly status: string;
  readonly rule: DocumentRule | undefined;
};

/** Who may come with a document, as the operator changes it. All rules of a host are one item. */
export type RulesDesk = {
  readonly list: () => Promise<readonly Entry[]>;
  /** @throws Problem when the host is closed, somebody changed it at the same time, or its item cannot be read */
  readonly add: (host: string, rule: DocumentRule) => Promise<'done' | 'already'>;
  /** @throws Problem as `add` */
  readonly remove: (host: string, url: string) => Promise<'done' | 'unknown'>;
};

const MOST_RULES = 50;
const NAMES = { '#pk': 'pk', '#st': 'st', '#rules': 'rules' };

/** What an item was when it was read: nobody may have changed it by the time it is written. */
type Read = { readonly rules: HostRules; readonly item: Readonly<Record<string, AttributeValue>> | undefined };

export function openRulesDesk({ client, table }: OperatorTable): RulesDesk {
  const read = async (host: string): Promise<Read> => {
    const Key = { pk: { S: ruleKey(host) } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    if (Item === undefined) return { rules: { status: 'on', rules: [] }, item: undefined };
    const found = readRuleItem(host, Item);
    if (found.ok) return { rules: found.value, item: Item };
    throw new Problem(`The rules of ${host} cannot be read (${found.error.detail}), so they were left as they are.`);
  };
  const write = async (host: string, was: Read, next: readonly DocumentRule[]): Promise<void> => {
    const condition = unchanged(was);
    const { status } = was.rules;
    // A host that is closed stays closed, with or without rules.
    const command =
      next.length === 0 && status === 'on'
        ? new DeleteItemCommand({ TableName: table, Key: { pk: { S: ruleKey(host) } }, ...condition })
        : new PutItemCommand({ TableName: table, Item: ruleItem(host, { status, rules: next }), ...condition });
    try {
      await (command instanceof PutItemCommand ? client.send(command) : client.send(command));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      throw new Problem(
        `Somebody changed the rules of ${host} at the same time. Nothing was changed now; run it again.`,
      );
    }
  };
  return {
    list: async () => {
      const entries: Entry[] = [];
      for await (const page of paginateScan({ client }, scanOf(table))) {
        for (const item of page.Items ?? []) entries.push(...entriesOf(item));
      }
      return entries.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    },
    add: async (host, rule) => {
      const was = await read(host);
      const { status, rules } = was.rules;
      if (status === 'off') throw new Problem(`${host} is closed: its rules admit nobody, and none was added.`);
      if (rules.some(({ url }) => url === rule.url)) return 'already';
      if (rules.length >= MOST_RULES) {
        throw new Problem(`${host} has ${rules.length} rules. Remove one, or say several with one template.`);
      }
      await write(host, was, [...rules, rule]);
      return 'done';
    },
    remove: async (host, url) => {
      const was = await read(host);
      const left = was.rules.rules.filter((rule) => rule.url !== url);
      if (left.length === was.rules.rules.length) return 'unknown';
      await write(host, was, left);
      return 'done';
    },
  };
}

function unchanged({ item }: Read) {
  if (item?.st === undefined || item.rules === undefined) {
    return { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } };
  }
  return {
    ConditionExpression: '#st = :st AND #rules = :rules',
    ExpressionAttributeNames: { '#st': 'st', '#rules': 'rules' },
    ExpressionAttributeValues: { ':st': item.st, ':rules': item.rules },
  };
}

function entriesOf(item: Readonly<Record<string, AttributeValue>>): readonly Entry[] {
  const host = (item.pk?.S ?? '').slice(ruleKey('').length);
  const read = readRuleItem(host, item);
  if (!read.ok) return [{ host, status: `unreadable (${read.error.detail})`, rule: undefined }];
  const { status, rules } = read.value;
  const shown = status === 'on' ? 'on' : 'closed';
  if (rules.length === 0) return [{ host, status: shown, rule: undefined }];
  return rules.map((rule) => ({ host, status: shown, rule }));
}

function nameOf({ host, rule }: Entry): string {
  return `${host} ${rule?.url ?? ''}`;
}

function scanOf(table: string) {
  return {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: 'begins_with(#pk, :rule)',
    ProjectionExpression: Object.keys(NAMES).join(', '),
    ExpressionAttributeNames: NAMES,
    ExpressionAttributeValues: { ':rule': { S: ruleKey('') } },
  };
}
