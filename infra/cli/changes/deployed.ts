import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { Problem } from '../../problem.ts';
import { SUFFIX } from './templates.ts';

/** Where to look, and where to put what was found. */
export type Fetch = {
  /** The assembly whose stacks are asked for. */
  readonly assembly: string;
  readonly into: string;
  /** Whether to assume the bootstrap's lookup role: who deploys may do nothing without it. */
  readonly lookupRole: boolean;
};

const manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.looseObject({
      type: z.string(),
      environment: z.string().optional(),
      properties: z
        .looseObject({ stackName: z.string().optional(), lookupRole: z.looseObject({ arn: z.string() }).optional() })
        .optional(),
    }),
  ),
});

/**
 * Writes the templates of the stacks that are deployed, as they were handed to CloudFormation, with the AWS command line
 * and whatever credentials it finds. A stack that is not there has no file.
 *
 * @returns a line for each stack
 * @throws Problem with what the AWS command line says, unless it says that there is no such stack
 */
export async function fetchDeployed({ assembly, into, lookupRole }: Fetch): Promise<string> {
  const stacks = stacksOf(assembly);
  mkdirSync(into, { recursive: true });
  const lines: string[] = [];
  for (const { id, name, region, role } of stacks) {
    const env = lookupRole ? { ...process.env, ...(await assume(role, region)) } : process.env;
    const where = region === undefined ? [] : ['--region', region];
    const query = ['--template-stage', 'Original', '--query', 'TemplateBody', '--output', 'json'];
    const { text, error } = await aws(
      ['cloudformation', 'get-template', '--stack-name', name, ...query, ...where],
      env,
    );
    if (error !== undefined && !/ValidationError.*does not exist/s.test(error)) {
      throw new Problem(`${name}: AWS does not hand over its template. ${error}`);
    }
    if (error === undefined) writeFileSync(join(into, `${id}${SUFFIX}`), asJson(name, text));
    lines.push(`${name}: ${error === undefined ? 'fetched' : 'not deployed yet'}\n`);
  }
  return lines.join('');
}

function stacksOf(assembly: string) {
  const file = join(assembly, 'manifest.json');
  if (!existsSync(file))
    throw new Problem(`${file}: there is no such file. Run: npx cdk synth --quiet --output ${assembly}`);
  const { artifacts } = manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  return Object.entries(artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { environment = '', properties }]) => {
      const region = /^aws:\/\/[^/]+\/(.+)$/.exec(environment)?.[1];
      return {
        id,
        name: properties?.stackName ?? id,
        region: region === 'unknown-region' ? undefined : region,
        role: properties?.lookupRole?.arn,
      };
    });
}

const assumed = z.object({
  Credentials: z.object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), SessionToken: z.string() }),
});

/** The credentials of a role, for an environment. Its ARN has holes for account and region where the app names none. */
async function assume(role: string | undefined, regionOfStack: string | undefined): Promise<NodeJS.ProcessEnv> {
  if (role === undefined) throw new Problem('The assembly names no lookup role. Leave --lookup-role out.');
  const caller = await asked(['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text']);
  const [, partition = '', , , account = ''] = caller.trim().split(':');
  const region = regionOfStack ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (region === undefined) throw new Problem('AWS_REGION is not set, so nobody knows where the stacks are. Set it.');
  const holes = { '${AWS::Partition}': partition, '${AWS::AccountId}': account, '${AWS::Region}': region };
  const arn = Object.entries(holes).reduce((text, [hole, value]) => text.replaceAll(hole, value), role);
  const answer = await asked([
    ...['sts', 'assume-role', '--role-arn', arn, '--role-session-name', 'gatehouse-changes', '--output', 'json'],
  ]);
  const { Credentials } = assumed.parse(JSON.parse(answer));
  return {
    AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials.SessionToken,
  };
}

async function asked(args: readonly string[]): Promise<string> {
  const { text, error } = await aws(args, process.env);
  if (error !== undefined) throw new Problem(`aws ${args.slice(0, 2).join(' ')}: ${error}`);
  return text;
}

const run = promisify(execFile);

async function aws(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ text: string; error?: string }> {
  try {
    // A template has at most 1 MB: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    const { stdout } = await run('aws', [...args], { env, maxBuffer: 8 * 2 ** 20 });
    return { text: stdout };
  } catch (error) {
    const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') throw new Problem('There is no command aws. Install the AWS command line interface.');
    return { text: '', error: stderr.trim() || message };
  }
}

/** The command line hands over an object for a template in JSON, and text for one in YAML. */
function asJson(name: string, text: string): string {
  const body: unknown = JSON.parse(text);
  if (body === null || typeof body !== 'object') {
    throw new Problem(`${name}: its template is not JSON, so the CDK did not deploy it. Is the name taken?`);
  }
  return `${JSON.stringify(body, undefined, 1)}\n`;
}
