import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { settingsFrom } from '../../infra/settings.ts';
import { addGatehouse } from '../../infra/stacks/gatehouse.ts';

/** The context of cdk.json: settings and feature flags, as `cdk synth` would hand them over. */
export const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Readonly<Record<string, unknown>>;
};

/** A resource of a template; `P` is as much of its properties as a test looks at. */
export type Resource<P> = {
  readonly Properties: P;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
};

/** The app, not yet synthesized, with settings replaced by keys such as `gatehouse.stage`. The functions are empty. */
export function built(replaced: Readonly<Record<string, unknown>> = {}, outdir?: string) {
  const app = new App({ context, analyticsReporting: false, ...(outdir && { outdir }) });
  const settings = settingsFrom({ ...context, ...replaced });
  const stacks = addGatehouse(app, {
    settings,
    code: () => Code.fromInline('exports.handler = async () => undefined;'),
    migrations: 'the hash of the migrations',
    version: '1.2.3',
  });
  return { app, settings, stacks };
}

/** The stacks of {@link built}, as templates. */
export function synthesized(replaced: Readonly<Record<string, unknown>> = {}) {
  const { app, stacks } = built(replaced);
  const data = Template.fromStack(stacks.data);
  const service = Template.fromStack(stacks.service);
  const edge = stacks.edge && Template.fromStack(stacks.edge);
  return { app, stacks, data, service, edge };
}

/** A stage that keeps its data. */
export const PRODUCTION = { 'gatehouse.stage': 'prod', 'gatehouse.sampleData': false };

/** The resources of a type, by logical id. */
export function ofType<P>(template: Template, type: string): Readonly<Record<string, Resource<P>>> {
  return template.findResources(type) as Readonly<Record<string, Resource<P>>>;
}

/** A value of a template in the shortest form a person would write: `TokenKey`, `AuditTable/index/by-subject`. */
export function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[name, argument] = []] = Object.entries(value as Record<string, unknown>);
  if (name === 'Ref') return withoutHash(String(argument)).replace(/^AWS::/, '');
  if (name === 'Fn::GetAtt') return withoutHash(String((argument as string[])[0]));
  if (name === 'Fn::ImportValue')
    return withoutHash(/ExportsOutput(?:Ref|FnGetAtt)(\w+?[0-9A-F]{8})/.exec(String(argument))?.[1] ?? '');
  if (name === 'Fn::Join') {
    const joined = (argument as [string, unknown[]])[1].map(readable).join((argument as [string])[0]);
    return joined
      .replace(/^arn:Partition:rds:Region:AccountId:cluster:/, '')
      .replace(/^arn:Partition:iam::AccountId:/, '');
  }
  throw new Error(`no short form for ${JSON.stringify(value)}`);
}

function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '');
}

export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}
