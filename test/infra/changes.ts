import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findingsBetween, isStopped } from '../../infra/cli/changes/findings.ts';
import { readReplacementRules } from '../../infra/cli/changes/replacement-rules.ts';
import { asText } from '../../infra/cli/changes/report.ts';
import { readTemplates } from '../../infra/cli/changes/templates.ts';
import { PRODUCTION, synthesized } from './synthesized.ts';

/** Real templates, as they are and as somebody might change them, and what `gatehouse changes` says of the change. */

export type Resource = { Type: string; Properties: Record<string, unknown>; DeletionPolicy?: string };
export type Resources = Record<string, Resource>;

export const TABLE = 'AWS::DynamoDB::GlobalTable';

/** What CloudFormation does with a property, as the command reads it. */
export const rules = readReplacementRules();

/** The first resource of a type whose logical id begins so. */
export function theOnly(resources: Resources, type: string, name: string): Resource {
  const [found] = Object.entries(resources).filter(([id, { Type }]) => Type === type && id.startsWith(name));
  if (found === undefined) throw new Error(`no ${type} ${name}`);
  return found[1];
}

/** The statements of a role's first policy. */
export function statementsOf(role: Resource): Record<string, unknown>[] {
  const policies = role.Properties.Policies as { PolicyDocument: { Statement: Record<string, unknown>[] } }[];
  const statements = policies[0]?.PolicyDocument.Statement;
  if (statements === undefined) throw new Error('no policy');
  return statements;
}

const COMMAND = fileURLToPath(new URL('../../infra/cli/gatehouse.mjs', import.meta.url));
const run = promisify(execFile);

/** The command in a process of its own. */
export async function gatehouse(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [COMMAND, 'changes', ...args]);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

type Stage = Pick<ReturnType<typeof synthesized>, 'data' | 'service'>;

/** Writes what is deployed to a directory, and changes of it beside; `remove` takes all of it away. */
export async function deployedStage() {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-changes-'));
  const stage = synthesized(PRODUCTION);

  async function write(name: string, { data, service }: Stage): Promise<string> {
    const directory = join(root, name);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'gatehouse-prod-data.template.json'), JSON.stringify(data.toJSON()));
    await writeFile(join(directory, 'gatehouse-prod-service.template.json'), JSON.stringify(service.toJSON()));
    return directory;
  }
  const deployed = await write('deployed', stage);

  let count = 0;
  return {
    root,
    stage,
    deployed,
    /** The directory of a stage that is made with other settings. */
    write,
    /** The directory of what is deployed, with one template changed. */
    async changed(stack: 'data' | 'service', change: (resources: Resources) => void): Promise<string> {
      count += 1;
      const directory = join(root, `changed-${count}`);
      await cp(deployed, directory, { recursive: true });
      const file = join(directory, `gatehouse-prod-${stack}.template.json`);
      const template = JSON.parse(await readFile(file, 'utf8')) as { Resources: Resources };
      change(template.Resources);
      await writeFile(file, JSON.stringify(template));
      return directory;
    },
    /** The real command, from what is deployed to a directory. */
    compare: (to: string, ...args: string[]) => gatehouse('--from', deployed, '--to', to, ...args),
    /** What the command would say, without the seconds that a process costs. */
    look(to: string): { code: number; out: string } {
      const findings = findingsBetween(readTemplates(deployed), readTemplates(to), rules, new Set());
      return { code: isStopped(findings) ? 1 : 0, out: asText(findings) };
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
