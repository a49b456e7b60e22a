import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CustomResources, createCustomResources } from '../../infra/local/cloudformation/custom-resources.ts';
import { inDependencyOrder } from '../../infra/local/cloudformation/dependencies.ts';
import { createFunctions } from '../../infra/local/lambda/functions.ts';
import { openState, type State } from '../../infra/local/state.ts';
import type { JsonObject } from '../../infra/local/template/json.ts';
import {
  assemblyOf,
  credentials,
  getAtt,
  lambdaFunction,
  ref,
  resolverOf,
  STACK,
  type Template,
} from './fixtures-runtime/assembly.ts';

let directory: string;
let state: State;
beforeEach(() => {
  directory = mkdtempSync(joinPath(tmpdir(), 'local-cloudformation-'));
  state = openState(directory);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Requests as the function got them; the URL differs every time. */
type Seen = JsonObject & { readonly ResponseURL?: string; readonly RequestId?: string };

/** Deploys a template's custom resources with a function of its own, as one start of the local cloud does. */
async function deploy(template: Template): Promise<{ seen: Seen[]; deployed: string[]; resources: CustomResources }> {
  const whole = { Migrate: lambdaFunction('custom-resource', {}, { ReservedConcurrentExecutions: 1 }), ...template };
  const assembly = assemblyOf(whole);
  const resources = createCustomResources({ assembly, state });
  const resolver = resolverOf(assembly, { customResourceData: resources.customResourceData });
  const onLog = () => undefined;
  const functions = createFunctions({ assembly, resolver, credentials, endpointUrl: 'http://127.0.0.1:9', onLog });
  const deployed: string[] = [];
  try {
    const onDeploy = ({ id }: { id: string }, type: string) => void deployed.push(`${type} ${id}`);
    await resources.deploy({ resolver, invoke: functions.invoke, onDeploy });
    const { payload } = await functions.invoke(`${STACK}-Migrate`, { show: true });
    return { seen: payload as Seen[], deployed, resources };
  } finally {
    await functions.close();
  }
}

function custom(properties: JsonObject, dependsOn: readonly string[] = []): Template[string] {
  return {
    Type: 'Custom::Thing',
    Properties: { ServiceToken: getAtt('Migrate', 'Arn'), ...properties },
    DependsOn: dependsOn,
  };
}

describe('a custom resource', () => {
  test('is created with the request CloudFormation sends, every value as text', async () => {
    const { seen, deployed, resources } = await deploy({ Schema: custom({ Value: { Yes: true, Count: [1, 'two'] } }) });
    const serviceToken = `arn:aws:lambda:us-east-1:000000000000:function:${STACK}-Migrate`;
    expect(seen).toEqual([
      {
        RequestType: 'Create',
        ServiceToken: serviceToken,
        ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}$/),
        StackId: `arn:aws:cloudformation:us-east-1:000000000000:stack/${STACK}/local`,
        RequestId: expect.stringMatching(/^[\da-f-]{36}$/),
        LogicalResourceId: 'Schema',
        ResourceType: 'Custom::Thing',
        ResourceProperties: { ServiceToken: serviceToken, Value: { Yes: 'true', Count: ['1', 'two'] } },
      },
    ]);
    expect(deployed).toEqual(['Create Schema']);
    const schema = assemblyOf({ Schema: custom({}) }).find(STACK, 'Schema');
    expect(resources.customResourceData(schema)).toEqual({
      Seen: '{"Yes":"true","Count":["1","two"]}',
      Number: '7',
      Long: '',
    });
  });

  test('that has not changed is not run again, and keeps its data', async () => {
    await deploy({ Schema: custom({ Value: 'a' }) });
    const { seen, deployed, resources } = await deploy({ Schema: custom({ Value: 'a' }) });
    expect([seen, deployed]).toEqual([[], []]);
    const schema = assemblyOf({ Schema: custom({}) }).find(STACK, 'Schema');
    expect(resources.customResourceData(schema)).toMatchObject({ Seen: '"a"' });
  });

  test('that has changed is updated, and is told what it was', async () => {
    await deploy({ Schema: custom({ Value: 'a' }) });
    const { seen, deployed } = await deploy({ Schema: custom({ Value: 'b' }) });
    expect(deployed).toEqual(['Update Schema']);
    expect(seen).toMatchObject([
      {
        RequestType: 'Update',
        PhysicalResourceId: 'physical-Schema',
        ResourceProperties: { Value: 'b' },
        OldResourceProperties: { Value: 'a' },
      },
    ]);
    expect((await deploy({ Schema: custom({ Value: 'b' }) })).deployed).toEqual([]);
  });

  test('has no data before it has run in this start, though an earlier one left some', async () => {
    await deploy({ Schema: custom({ Value: 'a' }) });
    const assembly = assemblyOf({ Schema: custom({ Value: 'a' }) });
    const resources = createCustomResources({ assembly, state });
    expect(resources.customResourceData(assembly.find(STACK, 'Schema'))).toBeUndefined();
  });

  test('that left the template is forgotten, and other parts of the document are left alone', async () => {
    state.write('deployed', { other: 'kept' });
    await deploy({ Old: custom({}), Schema: custom({}) });
    await deploy({ Schema: custom({}) });
    expect(state.read('deployed')).toEqual({
      other: 'kept',
      customResources: { [`${STACK}/Schema`]: expect.anything() },
    });
    expect((await deploy({ Old: custom({}), Schema: custom({}) })).deployed).toEqual(['Create Old']);
  });
});

describe('a custom resource that fails', () => {
  test.each([
    ['says why', 'fail', /Hand\/Schema \(Custom::Thing\) failed: the schema is newer than the code/],
    ['breaks', 'throw', /Hand\/Schema .* failed: its function ended with Error: the function broke/],
    ['says nothing', 'silent', /Hand\/Schema .* failed: its function returned without an answer to ResponseURL/],
    ['answers another request', 'confused', /Hand\/Schema .* failed: its answer is for another request \(RequestId\)/],
    ['says too much', 'long', /Hand\/Schema .* failed: its answer is \d+ bytes; CloudFormation reads 4096 at most/],
  ])('and %s stops the deployment with its name', async (_, Mode, message) => {
    await expect(deploy({ Schema: custom({ Mode }) })).rejects.toThrow(message);
  });

  test('is tried again by the next start, and what ran before it is not', async () => {
    const template = (Mode: string) => ({ First: custom({}), Second: custom({ Mode }, ['First']) });
    await expect(deploy(template('fail'))).rejects.toThrow(/Second/);
    expect((await deploy(template('succeed'))).deployed).toEqual(['Create Second']);
  });
});

describe('the order', () => {
  const order = (template: Template) => inDependencyOrder(assemblyOf(template)).map(({ id }) => id);

  test.each([
    ['DependsOn', { A: custom({}, ['B']), B: custom({}) }],
    ['Fn::GetAtt', { A: custom({ Value: getAtt('B', 'Seen') }), B: custom({}) }],
    ['Fn::GetAtt as text', { A: custom({ Value: { 'Fn::GetAtt': 'B.Seen' } }), B: custom({}) }],
    ['Fn::Sub', { A: custom({ Value: { 'Fn::Sub': 'x \u0024{B.Seen}' } }), B: custom({}) }],
    ['Ref', { A: custom({ Value: ref('B') }), B: custom({}) }],
    [
      'the function it runs in',
      {
        A: custom({ ServiceToken: getAtt('Writer', 'Arn') }),
        Writer: lambdaFunction('echo', { KEYS: getAtt('B', 'Seen') }),
        B: custom({}),
      },
    ],
  ] as [string, Template][])('follows %s', (_, template) => {
    expect(order(template)).toEqual(['B', 'A']);
  });

  test('brings data along: a resource gets what an earlier one gave', async () => {
    const { seen } = await deploy({ A: custom({ Value: getAtt('B', 'Seen') }), B: custom({ Value: 'from B' }) });
    expect(seen).toMatchObject([{ LogicalResourceId: 'B' }, { ResourceProperties: { Value: '"from B"' } }]);
  });

  test('is refused when it goes round', () => {
    expect(() => order({ A: custom({}, ['B']), B: custom({}, ['A']) })).toThrow(/need each other: A -> B -> A/);
  });
});
