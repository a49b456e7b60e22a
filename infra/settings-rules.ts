import * as z from 'zod';
import { wrong } from './settings-sentences.ts';

/** Kinds of settings that several share, each with its sentence. */

/** One of some names. */
export function oneOf<const T extends readonly [string, ...string[]]>(values: T, what: string) {
  return z.enum(values, wrong(`which is no ${what}`, `Use one of: ${values.join(', ')}`));
}

/** A whole number, both bounds included. */
export function whole(min: number, max: number, what: string) {
  const told = wrong(`which is not ${what}`, `Use a whole number from ${min} to ${max}`);
  return z.int(told).min(min, told).max(max, told);
}

/** Text that says something. */
export function words(what: string) {
  return z.string(wrong('which is not text', `Write ${what}`)).min(1, wrong('which is empty', `Write ${what}`));
}

/** True or false. */
export const truth = z.boolean(wrong('which is neither true nor false', 'Use true or false'));

/** An object that knows all its members: a misspelt setting is an error, not a default. */
export function group<S extends z.ZodRawShape>(shape: S) {
  const members = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `Settings here: ${members}.`
        : wrong('which is no group of settings', `Write an object with: ${members}`).error,
  });
}
