/** A column of a printed table. */
export type Column<Row> = readonly [title: string, text: (row: Row) => string];

/** Rows under their titles, each column as wide as its widest cell. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(([title]) => title)];
  for (const row of rows) lines.push(columns.map(([, text]) => printable(text(row)) || '-'));
  const widths = columns.map((_, at) => Math.max(...lines.map((cells) => (cells[at] ?? '').length)));
  return lines
    .map(
      (cells) =>
        `${cells
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** A client chooses its own name: no character of it may move the cursor or hide. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16).toUpperCase()}}`,
  );
}

/** Seconds since the epoch as a date, `never` for what has no end. */
export function dateOf(seconds: number, never: number): string {
  return seconds >= never ? 'never' : new Date(seconds * 1000).toISOString().replace(/\.000Z$/, 'Z');
}
