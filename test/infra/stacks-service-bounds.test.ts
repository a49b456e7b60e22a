import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { EDGE } from './edge.ts';
import { ofType, PRODUCTION, synthesized } from './synthesized.ts';

/**
 * What bounds the cost of a function: how many of it run at once, and how long its log stays. Of every stack of every
 * kind of stage, whoever added the function.
 */
const KINDS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  dev: {},
  production: PRODUCTION,
  'without a database': { 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false },
  'at another identity provider': {
    'gatehouse.identity': { kind: 'workos', issuer: 'https://acme.authkit.app', clientId: 'client_1' },
  },
  'behind CloudFront': EDGE,
};

type LambdaFunction = {
  readonly ReservedConcurrentExecutions?: number;
  readonly LoggingConfig?: { readonly LogGroup?: { readonly Ref?: string } };
};

const isStack = (stack: Stack | undefined): stack is Stack => stack !== undefined;

describe.each(Object.keys(KINDS))('a stage: %s', (kind) => {
  const stacks = Object.values(synthesized(KINDS[kind]).stacks as Readonly<Record<string, Stack | undefined>>);
  const templates = stacks.filter(isStack).map((stack) => [stack.stackName, Template.fromStack(stack)] as const);
  const all = <P>(type: string) =>
    templates.flatMap(([name, template]) =>
      Object.entries(ofType<P>(template, type)).map(([id, { Properties }]) => ({
        id,
        where: `${name}/${id}`,
        Properties,
      })),
    );

  test('no function runs more often at once than it may', () => {
    const functions = all<LambdaFunction>('AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(6);
    const unbounded = functions.filter(({ Properties }) => !(Number(Properties.ReservedConcurrentExecutions) >= 1));
    expect(unbounded.map(({ where }) => where)).toEqual([]);
  });

  test('every function logs to a group of the template: one that Lambda made would stay for ever', () => {
    const groups = new Set(all('AWS::Logs::LogGroup').map(({ id }) => id));
    const functions = all<LambdaFunction>('AWS::Lambda::Function');
    const elsewhere = functions.filter(({ Properties }) => !groups.has(Properties.LoggingConfig?.LogGroup?.Ref ?? ''));
    expect(elsewhere.map(({ where }) => where)).toEqual([]);
    const used = functions.map(({ Properties }) => Properties.LoggingConfig?.LogGroup?.Ref);
    expect(new Set(used).size).toBe(functions.length);
  });

  test('every log group forgets, after the time of the settings', () => {
    const groups = all<{ readonly RetentionInDays?: number }>('AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(7);
    const kept = groups.filter(({ Properties }) => Properties.RetentionInDays !== 365);
    expect(kept.map(({ where, Properties }) => `${where}: ${Properties.RetentionInDays ?? 'for ever'}`)).toEqual([]);
  });
});

test('the time that logs stay is the one of the settings, in every stack', () => {
  const { stacks } = synthesized({ ...EDGE, 'gatehouse.logRetentionDays': 30 });
  for (const stack of Object.values(stacks as Readonly<Record<string, Stack | undefined>>).filter(isStack)) {
    Template.fromStack(stack).allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  }
});
