import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorsClient } from '../attacks/support/l-client.ts';
import { gatehouse, gatehouseJson } from '../attacks/support/l-operator.ts';
import { auditRowsOf } from '../support/audit-rows.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** What the operator changes is on record first: who, what, and about whom. */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

const { added, tokensFor } = operatorsClient(() => stack);
const run = (...args: readonly string[]) => gatehouse(stack.directory, ...args);

const recorded = async () =>
  (await auditRowsOf(stack)).filter(({ k }) => k.startsWith('admin:')).sort((one, other) => (one.t < other.t ? -1 : 1));

describe('on record', () => {
  test('is each change, in a stream of that command, by whoever assumed the role', async () => {
    const id = await added('--scope', 'orders:read');
    await tokensFor(id, 'ada');
    await run('grants', 'revoke', '--client', id);
    await run('clients', 'disable', id);
    await run('clients', 'approve', id);
    await run('clients', 'remove', id);
    const [invitation] = await gatehouseJson<{ invitation_id: string }>(
      stack.directory,
      'clients',
      'invite',
      '--uses',
      '1',
    );
    const invited = invitation?.invitation_id ?? '';
    await run('clients', 'uninvite', invited);
    const url = 'https://client.example/metadata.json';
    await run('clients', 'rules', 'add', url, '--redirect-uri', 'https://client.example/callback');
    await run('clients', 'rules', 'remove', url);

    const rows = await recorded();
    expect(rows.map(({ k, c, o = '-' }) => `${k} ${c} ${o}`)).toEqual([
      `admin:clients.add ${id} -`,
      `admin:grants.revoke ${id} ${rows[1]?.o}`,
      `admin:clients.disable ${id} -`,
      `admin:clients.approve ${id} -`,
      `admin:clients.remove ${id} -`,
      `admin:clients.invite - ${invited}`,
      `admin:clients.uninvite - ${invited}`,
      `admin:rules.add - ${url}`,
      `admin:rules.remove - ${url}`,
    ]);
    expect(rows[0]?.g).toBe('orders:read');
    for (const { s, n, u, f } of rows) {
      expect([s.slice(0, 4), n, f]).toEqual(['cli.', 1, 'event']);
      expect(u).toMatch(/^arn:aws:sts::\d{12}:assumed-role\/\S+\/gatehouse-cli\.\S+#\d{4}-\d{2}-\d{2}$/);
    }
    const who = rows[0]?.u?.split('#')[0] ?? '';
    const asked = await gatehouseJson<{ tool: string }>(stack.directory, 'audit', 'query', '--user', who);
    expect(asked.map(({ tool }) => tool)).toEqual(rows.map(({ k }) => k));
  });

  test('is nothing of who only looks', async () => {
    const before = (await recorded()).length;
    await run('clients', 'list');
    await run('clients', 'rules', 'list');
    await run('grants', 'list');
    expect((await recorded()).length).toBe(before);
  });
});

test('the chains of commands are whole, as the seal sees them', async () => {
  const verdict = await run('audit', 'export', '--out', `${stack.directory}/export`);
  expect(verdict).toMatchObject({ code: 0, stdout: expect.not.stringContaining('The seal says') });
});

test('without a place for the record, nothing of a deployed stack is changed', async () => {
  const role = 'arn:aws:iam::111122223333:role/operator';
  const said = await run('clients', 'disable', 'a'.repeat(32), '--role', role, '--registry-table', 'registry');
  expect(said).toMatchObject({
    code: 1,
    stderr:
      'Nothing was changed: a change is put on record first, and --audit-table (the output AuditTableName) is missing. Add it.\n',
  });
});
