/** One line of the table: a number, and the most it may be. */
export type Row = {
  /** What is measured, unique in the table. */
  readonly name: string;
  readonly unit: 'ms' | 'µs' | '×';
  /** The budget. A row without one is shown and never breaks. */
  readonly most?: number;
  readonly measure: () => number | Promise<number>;
};

export type Measured = Omit<Row, 'measure'> & { readonly value: number; readonly ok: boolean };

/** Measures one row after the other: two at once would measure each other. */
export async function measured(rows: readonly Row[]): Promise<readonly Measured[]> {
  const twice = rows.find(({ name }, at) => rows.findIndex((row) => row.name === name) !== at);
  if (twice) throw new Error(`two rows are named "${twice.name}": give each its own name`);
  const results: Measured[] = [];
  for (const { measure, ...row } of rows) {
    const value = await measure();
    results.push({ ...row, value, ok: row.most === undefined || value <= row.most });
  }
  return results;
}

/** The table as a person reads it. */
export function table(results: readonly Measured[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const shown = (value: number | undefined, unit: string) =>
    value === undefined ? '–' : `${value.toFixed(1)} ${unit}`;
  return results
    .map(({ name, unit, value, most, ok }) =>
      [name.padEnd(width), shown(value, unit).padStart(10), shown(most, unit).padStart(10), ok ? '' : 'over budget']
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
