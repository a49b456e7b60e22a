import type { Stack } from './assembly.ts';
import { parameterValue } from './environment.ts';
import { isObject, type Json, listOf, member } from './json.ts';
import { notModelled } from './refusal.ts';

/**
 * Whether a condition of the stack holds. Conditions see parameters and pseudo parameters only, so they are settled
 * before any resource is looked at.
 *
 * @throws Problem on a condition that is not there, or that uses anything but Equals, And, Or, Not and Condition.
 */
export function conditionHolds(stack: Stack, name: string): boolean {
  const condition = member(stack.conditions, name);
  if (condition === undefined) throw notModelled(stack.name, `the condition "${name}" is used but not defined`);
  return holds(stack, condition);
}

function holds(stack: Stack, condition: Json): boolean {
  const [name, argument] = (isObject(condition) ? Object.entries(condition)[0] : undefined) ?? [];
  switch (name) {
    case 'Fn::Equals': {
      const [left, right] = listOf(argument);
      return operand(stack, left) === operand(stack, right);
    }
    case 'Fn::And':
      return listOf(argument).every((each) => holds(stack, each));
    case 'Fn::Or':
      return listOf(argument).some((each) => holds(stack, each));
    case 'Fn::Not':
      return listOf(argument).every((each) => !holds(stack, each));
    case 'Condition':
      return conditionHolds(stack, String(argument));
    default:
      throw notModelled(stack.name, `the condition ${JSON.stringify(condition)}`);
  }
}

function operand(stack: Stack, value: Json | undefined): Json {
  if (typeof value === 'string' || typeof value === 'number') return value;
  const ref = member(value, 'Ref');
  const referred = typeof ref === 'string' ? parameterValue(stack, ref) : undefined;
  if (referred === undefined) throw notModelled(stack.name, `${JSON.stringify(value)} in a condition`);
  return referred;
}
