import { Stack } from 'aws-cdk-lib';
import type { FunctionKey } from './function-key.ts';

/**
 * Keys that follow each other. The first is the one that the stack was made with, and its logical id has no number: a
 * stack that never rotated is what it always was.
 */
export function numberedId(id: string, number: number): string {
  return number === 1 ? id : `${id}${number}`;
}

/**
 * Keys 1 to `highest`, in this order. None goes when another takes over: CloudFormation refuses to take an export away that
 * the service stack still imports, and a key that is gone verifies nothing. So each is exported, as ARN and as id,
 * whether it is used or not.
 */
export function keysUpTo(highest: number, make: (number: number) => FunctionKey): readonly FunctionKey[] {
  const keys = Array.from({ length: highest }, (_, at) => make(at + 1));
  for (const key of keys) for (const name of [key.keyArn, key.keyId]) Stack.of(key).exportValue(name);
  return keys;
}

/** The first of a list that is never empty. */
export function newest(keys: readonly FunctionKey[]): FunctionKey {
  const [first] = keys;
  if (first === undefined) throw new Error('there is no key');
  return first;
}
