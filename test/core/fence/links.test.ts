import { describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../../functions/http/message.ts';
import { aCall, aMessage, aStack, type Stack } from '../tools/fixture/stack.ts';
import { token } from '../tools/fixture/tokens.ts';

/** Link defanging from the port of /mcp to what a host could render: on unless it was turned off, and for data only. */
const LINK = '![x](https://collect.example/?d=1)';
const DEFANGED = '\\u{21}[x]\\u{28}https\\u{3A}//collect.example/?d=1)';
const ROW = {
  number: 'T-1',
  customer: 'c',
  subject: LINK,
  body: LINK,
  status: 'open',
  created_at: '2026-11-01',
  author: 'a',
};

const asks: readonly (readonly [what: string, ask: (stack: Stack) => Promise<HttpResponse>])[] = [
  ['a tool', (stack) => stack.send(aCall('read_ticket', { ticketId: 'T-1' }, token()))],
  [
    'a resource',
    (stack) => stack.send(aMessage('resources/read', { uri: 'ticket://T-1' }, token(), { 'mcp-name': 'ticket://T-1' })),
  ],
  [
    'a prompt',
    (stack) =>
      stack.send(
        aMessage('prompts/get', { name: 'summarize_ticket', arguments: { number: 'T-1' } }, token(), {
          'mcp-name': 'summarize_ticket',
        }),
      ),
  ],
];

describe.each(asks)('%s', (_what, ask) => {
  const answered = async (stack: Stack) => JSON.stringify(JSON.parse((await ask(stack)).body ?? '').result);

  test('has its links defanged', async () => {
    const body = await answered(aStack({ rows: [{ ...ROW, id: 'x' }] }));
    expect(body).toContain(JSON.stringify(DEFANGED).slice(1, -1));
    expect(body).not.toContain(LINK);
  });

  test('keeps them where the deployment wants them', async () => {
    const body = await answered(aStack({ rows: [{ ...ROW, id: 'x' }], links: 'kept' }));
    expect(body).toContain(LINK);
    expect(body).not.toContain(JSON.stringify(DEFANGED).slice(1, -1));
  });
});

test('what quotes a request is defanged in any case', async () => {
  const { body } = await aStack({ links: 'kept' }).send(aCall('search_orders', { [LINK]: 1 }, token()));
  expect(body).not.toContain(LINK);
});
