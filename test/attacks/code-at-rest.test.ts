import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDatabase } from '../../infra/local/aws/dynamodb/database.ts';
import { Browser } from '../support/browser.ts';
import { type Login, startFlowCloud, type TokenPair } from './support/t-flow.ts';

/** Everything that a whole login leaves in the tables, read from the files after the stack is gone. */
const directory = mkdtempSync(join(tmpdir(), 'gatehouse-rest-'));
let issued: { readonly login: Login; readonly pairs: readonly TokenPair[]; readonly cookies: readonly string[] };
let items: readonly Readonly<Record<string, unknown>>[];

class KeepingBrowser extends Browser {
  readonly cookies: string[] = [];

  override async open(...[url, stopAt, init]: Parameters<Browser['open']>): ReturnType<Browser['open']> {
    const landed = await super.open(url, stopAt, init);
    if (!(landed instanceof URL)) {
      for (const line of landed.headers.getSetCookie()) this.cookies.push(line.split(';')[0]?.split('=')[1] ?? '');
    }
    return landed;
  }
}

beforeAll(async () => {
  // PostgreSQL does not run as root, and its user must get past this directory.
  chmodSync(directory, 0o755);
  const here = await startFlowCloud({ directory });
  try {
    const client = await here.register();
    const browser = new KeepingBrowser();
    const login = await here.login(client.id, 'ada', browser);
    const first = await here.redeem(login);
    const second = await here.refresh(client.id, first.refreshToken);
    const unspent = await here.login(client.id, 'bob');
    issued = { login, pairs: [first, second], cookies: [...browser.cookies, unspent.code] };
  } finally {
    await here.close();
  }
  items = await everything(join(directory, 'dynamodb'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('T20 no code, token, secret part, verifier or cookie that was ever issued is in any table', () => {
  const dump = JSON.stringify(items);
  const { login, pairs, cookies } = issued;
  const strings = [login.code, ...pairs.map(({ refreshToken }) => refreshToken), ...cookies];
  // The grant's id, the first part, is a name and not a secret.
  const parts = strings.flatMap((text) => (text.includes('.') ? text.split('.').slice(1) : []));
  const values = [...strings, ...parts, ...pairs.map(({ accessToken }) => accessToken), login.verifier];
  expect(values.length).toBeGreaterThan(10);
  for (const value of values) if (value.length >= 16) expect(dump.includes(value), value).toBe(false);
  expect(dump).toContain(`GRANT#${login.code.split('.')[0]}`);
});

test('X8 every item of every kind has an end and a time at which the table forgets it', () => {
  const kinds = new Map<string, number>();
  for (const item of items) {
    const kind = /^(CLIENT|TXN|GRANT)#/.exec(textOf(item.pk))?.[1];
    if (kind === undefined) continue;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    expect(Number(numberOf(item.exp)), kind).toBeGreaterThan(Date.now() / 1000);
    expect(Number(numberOf(item.ttl)), kind).toBeGreaterThanOrEqual(Number(numberOf(item.exp)));
  }
  expect(Object.fromEntries(kinds)).toEqual({ CLIENT: 1, TXN: 2, GRANT: 2 });
});

async function everything(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const database = await openDatabase(path);
  try {
    const { TableNames } = await database.call('ListTables', {});
    const scans = (TableNames as string[]).map((TableName) => database.call('Scan', { TableName }));
    return (await Promise.all(scans)).flatMap(({ Items }) => Items as Record<string, unknown>[]);
  } finally {
    await database.close();
  }
}

function textOf(attribute: unknown): string {
  return (attribute as { readonly S?: string } | undefined)?.S ?? '';
}

function numberOf(attribute: unknown): string | undefined {
  return (attribute as { readonly N?: string } | undefined)?.N;
}
