import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, expect, test } from 'vitest';
import { COMBINATIONS } from './combinations.ts';
import { built } from './synthesized.ts';

/**
 * What CloudFormation takes, and how much of it may be used up before somebody has to think about it: a template at the
 * limit cannot be deployed at all. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
const LIMITS = { resources: 500, outputs: 200, parameters: 200, mappings: 200, bytes: 1_000_000, description: 1024 };
const USABLE = 0.6;

/** As the CLI uploads it: without the indentation that is only for reading. */
const sizeOf = (template: object) => Buffer.byteLength(JSON.stringify(template));

type Configured = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };

/** The variables of a function in bytes. What only a deployment knows counts as the longest that it can be. */
function bytesOf({ Environment: { Variables } }: Configured): number {
  const bytes = Object.entries(Variables).map(([name, value]) => {
    // A JWK set of one key, and otherwise a name or an ARN.
    const unknown = /_KEYS$/.test(name) ? 300 : 130;
    return name.length + (typeof value === 'string' ? Buffer.byteLength(value) : unknown);
  });
  return bytes.reduce((sum, each) => sum + each, 0);
}

const made = new Map<string, ReturnType<typeof built>>();

beforeAll(() => {
  for (const [name, replaced] of Object.entries(COMBINATIONS)) {
    const app = built(replaced);
    app.app.synth();
    made.set(name, app);
  }
});

test.each(Object.keys(COMBINATIONS))('templates fit into CloudFormation, with room: %s', (name) => {
  const stacks = made.get(name)?.app.node.children.filter((child) => Stack.isStack(child)) ?? [];
  expect(stacks.length).toBeGreaterThanOrEqual(2);
  for (const stack of stacks) {
    const template = Template.fromStack(stack).toJSON() as Readonly<Record<string, object>> & { Description?: string };
    const count = (section: string) => Object.keys(template[section] ?? {}).length;
    const used = {
      resources: count('Resources'),
      outputs: count('Outputs'),
      parameters: count('Parameters'),
      mappings: count('Mappings'),
      bytes: sizeOf(template),
      description: template.Description?.length ?? 0,
    };
    expect(used.resources).toBeGreaterThan(0);
    const over = Object.entries(LIMITS).filter(([name, limit]) => used[name as keyof typeof used] > limit * USABLE);
    expect(over, `${stack.stackName}: ${JSON.stringify(used)}`).toEqual([]);
  }
});

/**
 * 4,096 bytes for all variables of a function together (Lambda quotas): long scopes and roles are in several.
 * References are counted by the longest that they become, an ARN.
 */
test.each(Object.keys(COMBINATIONS))('the environment of every function fits, with room: %s', (name) => {
  const service = made.get(name)?.stacks.service;
  const functions = Object.entries(service ? Template.fromStack(service).findResources('AWS::Lambda::Function') : {});
  expect(functions.length).toBeGreaterThanOrEqual(7);
  for (const [id, { Properties }] of functions) {
    expect(bytesOf(Properties as Configured), id).toBeLessThan(4_096 * USABLE);
  }
});

test('scopes and roles as long as the settings take them still fit into every environment', () => {
  const scopes = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [
      `desk${at}:read`,
      `Read what is on desk ${at} of the support team, and its history`,
    ]),
  );
  const roles = { reader: Object.keys(scopes), editor: Object.keys(scopes) };
  const written = JSON.stringify([scopes, roles, Object.keys(scopes)]);
  expect(written.length).toBeGreaterThan(2_300);
  const { stacks } = built({
    ...COMBINATIONS['dev, oidc, existing, cloudfront'],
    'gatehouse.scopes': scopes,
    'gatehouse.roles': roles,
    'gatehouse.defaultScopes': Object.keys(scopes),
  });
  const functions = Object.entries(Template.fromStack(stacks.service).findResources('AWS::Lambda::Function'));
  for (const [id, { Properties }] of functions) expect(bytesOf(Properties as Configured), id).toBeLessThan(4_096);
});
