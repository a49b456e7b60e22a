import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { refuse } from '../../../functions/core/result.ts';
import { aCall, aMessage, aStack } from '../tools/fixture/stack.ts';
import { token } from '../tools/fixture/tokens.ts';
import type { CorpusLine } from './corpus.ts';
import { decoded, textAt, walk } from './walk.ts';

/** What is refused quotes nothing outside a fence: arguments, names, messages of the engine, words of the database. */
vi.setConfig({ testTimeout: 300_000 });

describe('every line of the corpora leaves as data, or not at all', () => {
  test('in what is wrong with arguments, of a tool and of a prompt', async () => {
    const bearer = token();
    const stack = aStack();
    const given = ({ text }: CorpusLine) => ({ [`${text} `]: text, status: text, limit: text, number: [text] });
    const tool = (line: CorpusLine) => stack.send(aCall('search_orders', given(line), bearer));
    await walk(tool, (message, { id }) => {
      decoded(textAt(message, 'result', 'content', 0, 'text'), id);
      expect(message.result, id).toMatchObject({ isError: true });
    });
    const prompt = (line: CorpusLine) =>
      stack.send(
        aMessage('prompts/get', { name: 'summarize_ticket', arguments: given(line) }, bearer, {
          'mcp-name': 'summarize_ticket',
        }),
      );
    await walk(prompt, (message, { id }) => {
      if ((message.error as { code: number }).code === -32602) decoded(textAt(message, 'error', 'message'), id);
    });
  });

  test('in the names of what nobody offers: tools, resources, prompts, methods', async () => {
    const bearer = token();
    const stack = aStack();
    await walk(({ text }) => stack.send(aCall(text, { a: text }, bearer)));
    await walk(({ text }) => stack.send(aMessage('resources/read', { uri: text }, bearer)));
    await walk(({ text }) => stack.send(aMessage('resources/read', { uri: `ticket://${text}` }, bearer)));
    await walk(({ text }) => stack.send(aMessage('prompts/get', { name: text }, bearer)));
    await walk(({ text }) => stack.send(aMessage(text, {}, bearer)));
    // The header must repeat the name, and carries what a header cannot in this form (MCP 2026-07-28, custom headers).
    const encoded = (text: string) => ({ 'mcp-name': `=?base64?${Buffer.from(text).toString('base64')}?=` });
    await walk(({ text }) => stack.send(aMessage('tools/call', { name: text }, bearer, encoded(text))));
    await walk(({ text }) => stack.send(aMessage('resources/read', { uri: text }, bearer, encoded(text))));
    await walk(({ text }) => stack.send(aMessage('prompts/get', { name: text }, bearer, encoded(text))));
  });

  test('in what is wrong with a message', async () => {
    const bearer = token();
    const stack = aStack();
    const named = { 'mcp-name': 'probe' };
    const asks: readonly ((text: string) => Record<string, unknown>)[] = [
      (text) => ({ name: 'probe', arguments: text }),
      (text) => ({ name: 'probe', arguments: { text: [text] }, [text]: text }),
      (text) => ({ name: [text] }),
      (text) => ({ name: { [text]: text } }),
    ];
    for (const params of asks) {
      await walk(({ text }) => stack.send(aMessage('tools/call', params(text), bearer, named)));
    }
    const revision = ({ text }: CorpusLine) => {
      const { headers, body } = aMessage('tools/list', {}, bearer);
      const message = JSON.parse(body.toString()) as { params: { _meta: Record<string, unknown> } };
      message.params._meta['io.modelcontextprotocol/protocolVersion'] = text;
      message.params._meta['io.modelcontextprotocol/clientCapabilities'] = text;
      return stack.send({ headers, body: Buffer.from(JSON.stringify(message)) });
    };
    await walk(revision);
  });

  test('in what the database says: not a word of it', async () => {
    const bearer = token();
    let detail = '';
    const stack = aStack({ read: async () => refuse({ reason: 'invalid', retry: false, detail, sqlState: '22P02' }) });
    const asks = [
      aCall('search_orders', {}, bearer),
      aMessage('resources/read', { uri: 'ticket://T-1' }, bearer, { 'mcp-name': 'ticket://T-1' }),
    ];
    for (const ask of asks) {
      await walk(
        ({ text }) => {
          detail = `invalid input syntax for type integer: "${text}"`;
          return stack.send(ask);
        },
        (message, { id }) => expect(JSON.stringify(message), id).not.toContain('invalid input syntax'),
      );
    }
  });
});

/** No text of an elicitation exists: this server asks people on pages of its own. Whoever adds one adds it to this walk. */
test('there is no elicitation, so no text of others can leave in one', () => {
  const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const asking = sources.filter((name) =>
    /elicit(?:ation\/create|Input)/.test(readFileSync(join('functions', name), 'utf8')),
  );
  expect(asking).toEqual([]);
});
