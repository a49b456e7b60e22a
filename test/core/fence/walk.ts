import { expect } from 'vitest';
import { unfence } from '../../../functions/core/fence/fence.ts';
import type { Row } from '../../../functions/core/ports.ts';
import type { HttpResponse } from '../../../functions/http/message.ts';
import { unfenceIndependently } from '../../support/unfence-independently.ts';
import { type CorpusLine, fewer } from './corpus.ts';
import { expectOnlyFenced, fencesIn } from './leaving.ts';

/** Every line of the corpora through /mcp: planted in a place, sent, and looked for in all that comes back. */

/** Longest text that a cell holds whole is 8,192 code points. */
const SHORT = 8_000;

/** The JSON-RPC messages of an answer, one or a stream of them. */
export function messagesOf({ headers, body = '' }: HttpResponse): Record<string, unknown>[] {
  if (headers?.['content-type'] !== 'text/event-stream') return [JSON.parse(body) as Record<string, unknown>];
  return [...body.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Record<string, unknown>);
}

/** Sends a request for each line, and looks at all that came back. */
export async function walk(
  send: (line: CorpusLine) => Promise<HttpResponse>,
  look: (message: Record<string, unknown>, line: CorpusLine) => void = () => {},
  lines: readonly CorpusLine[] = fewer,
): Promise<void> {
  for (const line of lines.map(({ id, text }) => ({ id, text: text.slice(0, SHORT) }))) {
    const messages = messagesOf(await send(line));
    expect(messages.length, line.id).toBeGreaterThan(0);
    for (const message of messages) expectOnlyFenced(message, line.text, line.id);
    look(messages.at(-1) ?? {}, line);
  }
}

/** Rows that every statement gives: set before each request, so that one stack and one token serve a whole walk. */
export function changingRows(): { current: Row[]; read: () => Promise<{ ok: true; value: Row[] }> } {
  const rows = { current: [] as Row[], read: async () => ({ ok: true as const, value: rows.current }) };
  return rows;
}

export type Table = { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] };

/** The one fence of a text, by both decoders. */
export function decoded(text: string, id: string): string {
  const { fences } = fencesIn(text);
  expect(fences, id).toHaveLength(1);
  const data = unfence(text);
  expect(unfenceIndependently(text), id).toBe(data);
  return data;
}

export function textAt(message: Record<string, unknown>, ...path: readonly (string | number)[]): string {
  return String(path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], message));
}
