import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** What functions/README.md says a line of the log may have; the names stand in the first column of its table. */
function documented(): ReadonlySet<string> {
  const readme = readFileSync(new URL('../../functions/README.md', import.meta.url), 'utf8');
  const table = /<!-- log fields -->\n\n\|[^\n]*\n\|[-| ]*\n((?:\|[^\n]*\n)+)/.exec(readme)?.[1];
  if (table === undefined) throw new Error('functions/README.md has no table of log fields');
  const cells = [...table.matchAll(/^\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)));
}

/** Of lines of functions: each is JSON, says how grave it is and whose it is, and a request's has no field nobody described. */
export function expectDocumentedFields(lines: readonly string[]): void {
  const fields = documented();
  const records = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const written = records.filter((record) => 'level' in record);
  const requests = written.filter(({ message }) => message === 'request');
  expect(requests.length).toBeGreaterThan(0);
  for (const record of written) {
    for (const name of ['level', 'message', 'timestamp', 'service']) expect(record[name]).toEqual(expect.any(String));
  }
  for (const record of requests) {
    for (const name of ['request_id', 'method', 'path']) expect(record[name]).toEqual(expect.any(String));
    for (const name of ['status', 'duration_ms']) expect(record[name]).toEqual(expect.any(Number));
    const unknown = Object.keys(record).filter((name) => !fields.has(name));
    expect(unknown, `${JSON.stringify(record)} has fields that functions/README.md does not describe`).toEqual([]);
  }
}
