import { cpus } from 'node:os';
import { fence } from './fence.ts';
import { measured, type Row, table } from './row.ts';

/** `npm run bench`: the table of `rows`, as JSON with --json. Exit code 1 when a budget is broken. */
const rows: readonly Row[] = [...fence];

const results = await measured(rows);
const machine = { node: process.version, processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
const json = process.argv.includes('--json');
process.stdout.write(
  json
    ? `${JSON.stringify({ machine, rows: results }, null, 2)}\n`
    : `${table(results)}\n\n${Object.values(machine).join(', ')}\n`,
);
if (results.some(({ ok }) => !ok)) process.exitCode = 1;
