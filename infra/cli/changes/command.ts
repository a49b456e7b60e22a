import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Problem } from '../../problem.ts';
import { fetchDeployed } from './deployed.ts';
import { ACCEPTABLE, type Acceptable, findingsBetween, isStopped } from './findings.ts';
import { readReplacementRules } from './replacement-rules.ts';
import { asMarkdown, asText } from './report.ts';
import { readTemplates } from './templates.ts';

const USAGE = `Usage: gatehouse changes --from DIRECTORY --to DIRECTORY [--only PREFIX] [--accept replacement] [--accept wider-iam] [--markdown [--diff FILE]]
       gatehouse changes fetch --to DIRECTORY --into DIRECTORY [--lookup-role]`;

/**
 * `gatehouse changes`: whether going from one set of templates to another replaces or removes what holds state, or lets
 * anybody do more. Exit code 1 where it does and nobody accepted it. `fetch` gets the templates that are deployed.
 *
 * @throws Problem when a directory holds no templates, or AWS does not hand them over
 */
export async function changes(args: readonly string[]): Promise<void> {
  const { positionals, values } = parsed(args);
  const [subcommand, ...others] = positionals;
  if (others.length > 0 || (subcommand !== undefined && subcommand !== 'fetch')) throw new Problem(USAGE);
  if (subcommand === 'fetch') {
    const { to, into, 'lookup-role': lookupRole = false } = values;
    if (to === undefined || into === undefined) throw new Problem(USAGE);
    process.stdout.write(await fetchDeployed({ assembly: to, into, lookupRole }));
    return;
  }
  if (values.from === undefined || values.to === undefined) throw new Problem(USAGE);
  const from = readTemplates(values.from, values.only);
  const to = readTemplates(values.to, values.only);
  if (to.size === 0)
    throw new Problem(
      `${values.to}: holds no ${values.only ?? ''}*.template.json. Run: npx cdk synth --quiet --output ${values.to}`,
    );
  const accepted = new Set((values.accept ?? []).map(acceptable));
  const findings = findingsBetween(from, to, readReplacementRules(), accepted);
  process.stdout.write(values.markdown ? asMarkdown(findings, diffOf(values.diff)) : asText(findings));
  if (isStopped(findings)) process.exitCode = 1;
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        into: { type: 'string' },
        only: { type: 'string' },
        accept: { type: 'string', multiple: true },
        diff: { type: 'string' },
        markdown: { type: 'boolean' },
        'lookup-role': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new Problem(`${(error as Error).message}. ${USAGE}`);
  }
}

function acceptable(name: string): Acceptable {
  const found = ACCEPTABLE.find((one) => one === name);
  if (found === undefined)
    throw new Problem(`--accept ${name}: is nothing that can be accepted. Use one of: ${ACCEPTABLE.join(', ')}`);
  return found;
}

function diffOf(file: string | undefined): string | undefined {
  if (file !== undefined && !existsSync(file)) throw new Problem(`--diff ${file}: there is no such file.`);
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
