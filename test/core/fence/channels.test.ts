import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { unescapeData } from '../../../functions/core/fence/escape.ts';
import { defineTool, type Tool } from '../../../functions/core/tools/define.ts';
import { createRegistry } from '../../../functions/core/tools/registry.ts';
import { tools as sampleTools } from '../../../functions/tools/index.ts';
import { aSlowCall, slowTool } from '../tools/fixture/slow.ts';
import { aCall, aMessage, aStack, CATALOGUE } from '../tools/fixture/stack.ts';
import { token } from '../tools/fixture/tokens.ts';
import { type CorpusLine, corpus } from './corpus.ts';
import { expectOnlyFenced } from './leaving.ts';
import { changingRows, decoded, messagesOf, type Table, textAt, walk } from './walk.ts';

/** What comes of a call: every line of the corpora in every place of a result, a resource, a prompt, a report. */
vi.setConfig({ testTimeout: 300_000 });

const TICKET = { number: 'T-1', customer: 'c', subject: 's', body: 'b', status: 'open', created_at: '2026-11-01' };

/** A tool that returns a line in every place its types allow. */
function returning(value: { current: object }): Tool {
  return defineTool({
    name: 'everywhere',
    title: 'Everywhere',
    description: 'Returns what the test says.',
    access: 'read',
    scopes: ['orders:read'],
    input: z.strictObject({}),
    output: z.object({ text: z.string(), named: z.record(z.string(), z.unknown()) }).catchall(z.unknown()),
    run: async () => value.current as { text: string; named: object },
  });
}

describe('every line of the corpora leaves as data', () => {
  test('in the text and in structuredContent: cells, lists, objects, names of columns and of fields', async () => {
    const bearer = token();
    const value = { current: {} };
    const stack = aStack({ registry: createRegistry([returning(value)], CATALOGUE) });
    const send = ({ text }: CorpusLine) => {
      value.current = {
        text,
        named: { [text]: text, list: [text, [text]], rows: [{ [text]: [text] }, { other: { deep: text } }] },
        [`x${text}`]: { [text]: text },
      };
      return stack.send(aCall('everywhere', {}, bearer));
    };
    await walk(send, (message, { id, text }) => {
      const { columns, rows } = JSON.parse(decoded(textAt(message, 'result', 'content', 0, 'text'), id)) as Table;
      expect(rows[0]?.[columns.indexOf('text')], id).toBe(text);
      const { structuredContent } = message.result as { structuredContent: Table };
      const cell = structuredContent.rows[0]?.[structuredContent.columns.indexOf('text')];
      expect(unescapeData(String(cell)), id).toBe(text);
    });
  });

  test.each(sampleTools.map((tool) => [tool.name, tool] as const))('in the answer of %s', async (name, tool) => {
    const columns = fieldsOf(tool.output);
    const rows = changingRows();
    const value = { added: true, noteId: '' };
    const stack = aStack({ read: rows.read, write: async () => ({ status: 'done', value }) });
    const scope = CATALOGUE.join(' ');
    const ada = token({ scope });
    const send = ({ text }: CorpusLine) => {
      rows.current = [Object.fromEntries(columns.map((column) => [column, text]))];
      value.noteId = text;
      return stack.send(aCall(name, INPUTS[name] ?? {}, name === 'whoami' ? token({ scope, sub: text }) : ada));
    };
    await walk(
      send,
      (message, { id, text }) => {
        if (message.result === undefined) return;
        expect(message.result, id).not.toHaveProperty('isError');
        expect(decoded(textAt(message, 'result', 'content', 0, 'text'), id), id).toContain(JSON.stringify(text));
      },
      corpus,
    );
  });

  test('in the contents of a resource', async () => {
    const bearer = token();
    const rows = changingRows();
    const stack = aStack({ read: rows.read });
    const send = ({ text }: CorpusLine) => {
      rows.current = [{ ...TICKET, subject: text, body: text }];
      return stack.send(aMessage('resources/read', { uri: 'ticket://T-1' }, bearer, { 'mcp-name': 'ticket://T-1' }));
    };
    await walk(send, (message, { id, text }) => {
      const { columns, rows } = JSON.parse(decoded(textAt(message, 'result', 'contents', 0, 'text'), id)) as Table;
      expect(rows[0]?.[columns.indexOf('body')], id).toBe(text);
    });
  });

  test('in a prompt: the data, and the arguments that are given back', async () => {
    const bearer = token();
    const rows = changingRows();
    const stack = aStack({ read: rows.read });
    const send = ({ text }: CorpusLine) => {
      rows.current = [{ ...TICKET, body: text, author: text }];
      const params = { name: 'summarize_ticket', arguments: { number: argument(text) } };
      return stack.send(aMessage('prompts/get', params, bearer, { 'mcp-name': 'summarize_ticket' }));
    };
    await walk(send, (message, { id, text }) => {
      const { messages } = message.result as { messages: { content: { text: string } }[] };
      const echoed = JSON.parse(decoded(messages[1]?.content.text ?? '', id)) as Table;
      expect(echoed.rows[0]?.[0], id).toBe(argument(text));
      expect(decoded(messages[2]?.content.text ?? '', id), id).toContain(JSON.stringify(text));
    });
  });

  test('in reports of progress, each on one line', async () => {
    const bearer = token();
    const said = { current: '' };
    const tool = slowTool((progress) => progress(1, 2, said.current));
    const stack = aStack({ registry: createRegistry([tool], CATALOGUE) });
    for (const { id, text } of corpus) {
      said.current = text;
      const messages = messagesOf(await stack.send(aSlowCall('p-1', bearer)));
      expect(messages, id).toHaveLength(2);
      const report = textAt(messages[0] ?? {}, 'params', 'message');
      expect(report, id).not.toMatch(/[<>\n\t]/);
      expectOnlyFenced(messages, '', id);
      expect(text.startsWith(unescapeData(report)), id).toBe(true);
    }
  });
});

const INPUTS: Readonly<Record<string, object>> = {
  read_ticket: { ticketId: 'T-1' },
  add_ticket_note: { ticketId: 'T-1', body: 'x' },
};

/** The names of the fields of an output, of the objects in it too: what a row needs to have for every tool to return it. */
function fieldsOf(output: z.ZodType): readonly string[] {
  const names: string[] = [];
  JSON.stringify(z.toJSONSchema(output), (key, value: unknown) => {
    if (key === 'properties') names.push(...Object.keys(value as object));
    return value;
  });
  return names;
}

/** As much of a line as an argument may hold; without half a surrogate pair, which no argument may have. */
function argument(text: string): string {
  return `a${text.slice(0, 60)}`.toWellFormed();
}
