import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** A row of the catalogue as it was tested: what its first test says, and the files it is tested in. */
export type TestedRow = { readonly id: string; readonly says: string; readonly files: readonly string[] };

const README = 'test/attacks/README.md';
const BEGIN = '<!-- rows: npm run test:attacks with ATTACKS_TABLE=write -->';
const END = '<!-- end of rows -->';
const LONGEST = 110;

/** Puts the table of these rows into README.md, between its two marks. */
export function writeTable(rows: readonly TestedRow[]): void {
  const { before, after } = parts();
  writeFileSync(README, `${before}${BEGIN}\n\n${tableOf(rows)}\n\n${END}${after}`);
}

/**
 * What is wrong with the table of README.md, after a run of every file: a row that ran and is not there, or is there and
 * did not run. Nothing is said after a run of some files only.
 */
export function checkTable(rows: readonly TestedRow[], filesRun: number): string | undefined {
  if (filesRun < readdirSync('test/attacks').filter((name) => name.endsWith('.test.ts')).length) return undefined;
  const listed = [...parts().table.matchAll(/^\| ([A-Z]+\d*) \|/gm)].map(([, id = '']) => id);
  const ran = rows.map(({ id }) => id);
  const missing = ran.filter((id) => !listed.includes(id));
  const gone = listed.filter((id) => !ran.includes(id));
  if (missing.length + gone.length === 0) return undefined;
  const said = [
    ...(missing.length > 0 ? [`lacks ${missing.join(' ')}`] : []),
    ...(gone.length > 0 ? [`names ${gone.join(' ')}, which no test covers any more`] : []),
  ];
  return `${README} ${said.join(' and ')}. Write it anew: ATTACKS_TABLE=write npm run test:attacks`;
}

function parts(): { readonly before: string; readonly table: string; readonly after: string } {
  const text = readFileSync(README, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${README} has lost the marks around its table`);
  return { before: text.slice(0, begin), table: text.slice(begin, end), after: text.slice(end + END.length) };
}

function tableOf(rows: readonly TestedRow[]): string {
  const lines = rows.map(({ id, says, files }) => `| ${id} | ${tidy(says)} | ${files.join(', ')} |`);
  return ['| row | what its first test says | tested in |', '| --- | --- | --- |', ...lines].join('\n');
}

/** A title may hold anything, hostile names included: printable ASCII, and nothing that means something in Markdown. */
function tidy(title: string): string {
  const text = title.replaceAll(/[^\x20-\x7e]+/g, ' ').replaceAll(/[|<>`*_[\]\\]/g, (mark) => `\\${mark}`);
  return text.length > LONGEST ? `${text.slice(0, LONGEST).replace(/\\+$/, '')} …` : text;
}
