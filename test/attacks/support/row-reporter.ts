import { basename } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { checkTable, writeTable } from './row-table.ts';

/** What became of a row of the catalogue: its tests are those whose title begins with its id. */
type Row = {
  readonly id: string;
  readonly titles: string[];
  readonly files: Set<string>;
  readonly failed: TestCase[];
  milliseconds: number;
};

/** A title may begin with several ids: `U1 U24 ends with …`. */
const IDS = /^[A-Z]+\d*\b(?:\s+[A-Z]\d+\b)*\s*/;

/**
 * Prints one line for each row of the catalogue, and under a failed row why. After a run of the whole suite it also holds
 * the table of README.md against what ran; with ATTACKS_TABLE=write it writes that table. `npm run test:attacks` uses it.
 */
export default class RowReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const rows = new Map<string, Row>();
    for (const module of modules) {
      for (const test of module.children.allTests()) add(rows, test);
      for (const { message } of module.errors()) line(`${module.moduleId}: ${message}`);
    }
    for (const { message } of errors) line(message);
    const sorted = [...rows.values()].sort((one, other) => one.id.localeCompare(other.id, 'en', { numeric: true }));
    for (const row of sorted) tell(row);
    const failed = sorted.filter((row) => row.failed.length > 0).length;
    line(`${sorted.length - failed} passed, ${failed} failed`);

    const tested = sorted.map(({ id, titles, files }) => ({ id, says: titles[0] ?? '', files: [...files].sort() }));
    if (process.env.ATTACKS_TABLE === 'write') writeTable(tested);
    const problem = checkTable(tested, modules.length);
    if (problem !== undefined) {
      line(problem);
      process.exitCode = 1;
    }
  }
}

function add(rows: Map<string, Row>, test: TestCase): void {
  const ids = IDS.exec(test.name)?.[0].trim().split(/\s+/) ?? ['(no row)'];
  for (const id of ids) {
    const row = rows.get(id) ?? { id, titles: [], files: new Set<string>(), failed: [], milliseconds: 0 };
    row.titles.push(test.name.replace(IDS, ''));
    row.files.add(basename(test.module.moduleId, '.test.ts'));
    row.milliseconds += test.diagnostic()?.duration ?? 0;
    if (test.result().state !== 'passed') row.failed.push(test);
    rows.set(id, row);
  }
}

function tell({ id, titles, failed, milliseconds }: Row): void {
  const verdict = failed.length === 0 ? 'ok    ' : 'FAILED';
  const count = `${titles.length} ${titles.length === 1 ? 'test' : 'tests'}`;
  line(`${id.padEnd(8)} ${verdict} ${count.padEnd(9)} ${Math.round(milliseconds)} ms`);
  for (const test of failed) {
    const { errors = [] } = test.result();
    line(`         ${test.name}: ${errors[0]?.message ?? test.result().state}`);
  }
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
