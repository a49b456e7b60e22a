import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Problem } from '../../problem.ts';

/** How the CDK names the template of a stack in its assembly; templates that were fetched are named the same. */
export const SUFFIX = '.template.json';

const resource = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const template = z.looseObject({ Resources: z.record(z.string(), resource).default({}) });

export type Resource = z.output<typeof resource>;
export type Template = z.output<typeof template>;

/** Templates by the name of their stack. */
export type Stacks = ReadonlyMap<string, Template>;

/** What a stack has before it is there. */
export const NOTHING: Template = { Resources: {} };

/**
 * The templates in a directory: an assembly (`cdk.out`), or what `gatehouse changes fetch` wrote.
 *
 * @param prefix what the names of stacks begin with; all stacks where there is none
 * @throws Problem when there is no such directory, or a template is none
 */
export function readTemplates(directory: string, prefix = ''): Stacks {
  if (!existsSync(directory)) {
    throw new Problem(`${directory}: there is no such directory. Run: npx cdk synth --quiet --output ${directory}`);
  }
  const names = readdirSync(directory).filter((name) => name.startsWith(prefix) && name.endsWith(SUFFIX));
  return new Map(names.sort().map((name) => [name.slice(0, -SUFFIX.length), readTemplate(join(directory, name))]));
}

function readTemplate(file: string): Template {
  try {
    return template.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Problem(`${file}: is no CloudFormation template in JSON. ${why}`);
  }
}
