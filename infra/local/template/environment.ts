import type { Stack } from './assembly.ts';
import { type Json, member } from './json.ts';
import { notModelled } from './refusal.ts';

/** Where the local cloud pretends to be. The account is nobody's. */
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const PARTITION = 'aws';
export const ZONES: readonly string[] = [`${REGION}a`, `${REGION}b`];

/**
 * What `Ref` gives for a pseudo parameter or a parameter of the stack; undefined when the name is neither.
 * A parameter has the value it was given (`parameters.ts`), or its default: nobody is there to be asked.
 */
export function parameterValue(stack: Stack, name: string): Json | undefined {
  switch (name) {
    case 'AWS::AccountId':
      return ACCOUNT;
    case 'AWS::Region':
      return REGION;
    case 'AWS::Partition':
      return PARTITION;
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return stack.name;
    case 'AWS::StackId':
      return `arn:${PARTITION}:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/local`;
  }
  const parameter = member(stack.parameters, name);
  if (parameter === undefined) return undefined;
  const type = String(member(parameter, 'Type'));
  if (type !== 'String' && type !== 'Number') {
    throw notModelled(`${stack.name}/${name}`, `a parameter of type ${type} has its value elsewhere`);
  }
  const value = member(parameter, 'Default');
  if (value === undefined) throw notModelled(`${stack.name}/${name}`, 'a parameter without a default');
  return value;
}
