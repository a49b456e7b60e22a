import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatehouse } from '../attacks/support/l-operator.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** `gatehouse doctor` over the stack itself: what it demands of a deployed server is what this one does. */
let stack: OwnCloud;
beforeAll(async () => {
  stack = await startOwnCloud();
});
afterAll(() => stack.close());

test('finds nothing wrong with the running stack, and leaves nothing behind in it', async () => {
  stack.endpoint.resetCounts();
  const { code, stdout, stderr } = await gatehouse(stack.directory, 'doctor', '--url', `${stack.issuer}/mcp`);
  expect(stdout).not.toMatch(/^ {2}(?:fail|warn) /m);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}ok +registration +"vetted", as in cdk\.json; nobody was registered$/m);
  expect(stdout).toContain('Principles checked live: 4/10\n');
  const writes = Object.keys(stack.endpoint.counts()).filter((name) => /Put|Update|Insert|Statement/.test(name));
  expect(writes).toEqual([]);
});

test('sees that the server runs otherwise than cdk.json says', async () => {
  const asked = ['--url', `${stack.issuer}/mcp`, '-c', 'gatehouse.registration.dcr=off'];
  const { code, stdout } = await gatehouse(stack.directory, 'doctor', ...asked);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^ {2}fail +registration .*is "off", and the server runs as "vetted"/m);
});
