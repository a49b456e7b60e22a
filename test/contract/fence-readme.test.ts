import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aCall, aStack, textOf } from '../core/tools/fixture/stack.ts';
import { token } from '../core/tools/fixture/tokens.ts';
import type { TestDatabase } from '../support/database.ts';
import { startMigratedDatabase } from '../support/migrated.ts';
import { aReader } from '../support/sql.ts';

/** The ticket that the documentation shows before and after the fence is a ticket of the sample, and leaves like that. */
const TICKET = 'T-304';
let database: TestDatabase;
let stored: string;
let told: string;

beforeAll(async () => {
  database = await startMigratedDatabase();
  const [row] = await database.asSuperuser('SELECT body FROM app.tickets WHERE number = $1', [TICKET]);
  stored = String(row?.body);
  const stack = aStack({ read: aReader(database) });
  told = textOf(await stack.send(aCall('read_ticket', { ticketId: TICKET }, token())));
}, 60_000);
afterAll(() => database.stop());

const withoutNonce = (text: string) => text.replaceAll(/^(<<<(?:USER_DATA|END)) nonce=[0-9a-f]{32}/gm, '$1 nonce=…');

test.each(['README.md', 'functions/core/fence/README.md'])('%s shows it as it is', (path) => {
  const readme = readFileSync(path, 'utf8');
  const blocks = [...readme.matchAll(/^```text\n([\s\S]*?)\n```$/gm)].map(([, block = '']) => block);
  expect(blocks).toContain(stored);
  expect(blocks.map(withoutNonce)).toContain(withoutNonce(told));
});

test('a ticket of each kind of attack is in the sample', async () => {
  const bodies = (await database.asSuperuser('SELECT body FROM app.tickets ORDER BY number')).map(({ body }) =>
    String(body),
  );
  const kinds = {
    forged: /<<<END nonce=/,
    invisible: /\u200b[\s\S]*\u{e0049}/u,
    roles: /<\|im_start\|>/,
    call: /"tools\/call"/,
    link: /!\[[^\]]*\]\(https:/,
  };
  for (const [kind, attack] of Object.entries(kinds))
    expect(
      bodies.some((body) => attack.test(body)),
      kind,
    ).toBe(true);
});
