import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorsClient } from '../attacks/support/l-client.ts';
import { gatehouse, gatehouseJson } from '../attacks/support/l-operator.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** The end of everything that anybody allowed, by the command that infra/RUNBOOK.md gives. On a stack of its own. */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

const { added, codeFor, redeem, refresh, tokensFor } = operatorsClient(() => stack);
const run = (...args: readonly string[]) => gatehouse(stack.directory, ...args);
const runJson = <T>(...args: readonly string[]) => gatehouseJson<T>(stack.directory, ...args);

/** The command as the runbook has it, without what only a deployed stack needs. */
function commandOfRunbook(): readonly string[] {
  const line = /^npx gatehouse (grants revoke --all)\b/m.exec(readFileSync('infra/RUNBOOK.md', 'utf8'));
  if (line === null) throw new Error('infra/RUNBOOK.md has no command that revokes everything');
  return (line[1] ?? '').split(' ');
}

describe('gatehouse grants revoke --all', () => {
  type Grant = { readonly grant: string; readonly status: string };
  type Row = { readonly tool: string };

  test('ends every refresh family and every code, of every person and client, each on record', async () => {
    const [one, other] = [await added(), await added()];
    const families = [
      { client: one, token: await tokensFor(one, 'ada') },
      { client: other, token: await tokensFor(other, 'dan') },
    ];
    const code = await codeFor(one, 'bob');
    const before = (await runJson<Grant>('grants', 'list')).filter(({ status }) => status !== 'revoked');
    expect(before).toHaveLength(3);

    const { stdout, code: exit } = await run(...commandOfRunbook());
    expect([exit, stdout]).toEqual([0, 'Revoked 3 grants of everybody. Access tokens end within 10 minutes.\n']);

    for (const { client, token } of families) {
      expect(await refresh(client, token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    }
    expect(await redeem(one, code)).toMatchObject({ status: 400, error: 'invalid_grant' });
    const after = await runJson<Grant>('grants', 'list');
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set(['revoked']));
    const rows = await runJson<Row>('audit', 'query', '--tool', 'admin:grants.revoke', '--since', '1h');
    expect(rows).toHaveLength(3);
  });

  test('says so when nothing is left, and leaves who signs in afterwards alone', async () => {
    const again = await run(...commandOfRunbook());
    expect([again.code, again.stdout]).toEqual([
      0,
      'No grant of everybody was left to revoke. Compare with: gatehouse grants list\n',
    ]);
    const client = await added();
    const token = await tokensFor(client, 'ada');
    expect(await refresh(client, token)).toMatchObject({ status: 200 });
  });

  test.each([
    ['beside a name', ['revoke', '--all', '--user', 'u'], /takes --all alone/],
    ['for a list', ['list', '--all'], /list has no --all/],
    ['left out', ['revoke'], /does not revoke everything unless --all says so/],
    ['left out, with a name that is empty', ['revoke', '--user', ''], /got an empty name/],
  ])('is refused %s, and nothing is revoked', async (_, args, told) => {
    const alive = async () => (await runJson<Grant>('grants', 'list')).filter(({ status }) => status === 'active');
    const before = await alive();
    expect(before.length).toBeGreaterThan(0);
    const { code, stderr } = await run('grants', ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(told);
    expect(await alive()).toEqual(before);
  });
});
