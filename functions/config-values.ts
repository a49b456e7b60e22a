import type { PublicKey } from './core/oauth/public-keys.ts';
import { ok, type Result, refuse } from './core/result.ts';

/**
 * How the text of an environment variable becomes a value. Written out rather than left to zod, which would be four
 * fifths of the well-known function. A reason says what the value is not, never what it is: some of them are not for the
 * log.
 */
export type Reader<T> = (value: string) => Result<T, string>;

/** What a set of variables reads to, by name. */
export type ValuesOf<R extends Readonly<Record<string, Reader<unknown>>>> = {
  readonly [Name in keyof R]: R[Name] extends Reader<infer T> ? T : never;
};

/** Reads all of them, and refuses with everything that is wrong. A variable that nobody reads is not looked at. */
export function readAll<R extends Readonly<Record<string, Reader<unknown>>>>(
  readers: R,
  environment: Readonly<Record<string, string | undefined>>,
): Result<ValuesOf<R>, readonly string[]> {
  const problems: string[] = [];
  const values = Object.entries(readers).map(([name, read]) => {
    const value = environment[name];
    const answer = value === undefined ? undefined : read(value);
    if (answer?.ok) return [name, answer.value];
    problems.push(answer === undefined ? `${name} is missing` : `${name} has an unusable value (${answer.error})`);
    return [name, undefined];
  });
  return problems.length > 0 ? refuse(problems) : ok(Object.fromEntries(values) as ValuesOf<R>);
}

export const text: Reader<string> = (value) => (isText(value) ? ok(value) : refuse('empty'));

/**
 * What CloudFront shows to the functions: letters and digits, as they were drawn. Nothing else, so that a reference which
 * CloudFormation left unresolved, and which anybody could write, is no secret.
 */
export const drawnSecret: Reader<string> = (value) =>
  /^[A-Za-z0-9]{32,}$/.test(value) ? ok(value) : refuse('not 32 or more letters and digits');

/** https, or http on a loopback name (the local run): RFC 8414 section 2 wants https, OAuth 2.1 section 1.5 allows loopback. */
export const issuer: Reader<string> = (value) => (ISSUER.test(value) ? ok(value) : refuse('not an issuer'));

/** Somebody else's issuer: as above, and with a slash at its end where that provider writes one, as Auth0 does. */
export const providerIssuer: Reader<string> = (value) =>
  issuer(value.replace(/\/$/, '')).ok ? ok(value) : refuse('not an issuer');

const ISSUER = /^(?:https:\/\/[^/?#\s]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?)(?:\/[^?#\s]*[^/?#\s])?$/;

/** Words with spaces between them; none is a value too. */
export const words: Reader<readonly string[]> = (value) => ok(value.split(' ').filter((word) => word !== ''));

export function oneOf<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value) => {
    const chosen = choices.find((choice) => choice === value);
    return chosen === undefined ? refuse(`not one of ${choices.join(', ')}`) : ok(chosen);
  };
}

/** On or off, and nothing that is nearly one of them. */
export const switched: Reader<boolean> = (value) => {
  if (value === 'on' || value === 'off') return ok(value === 'on');
  return refuse('neither on nor off');
};

/** A whole number in decimal digits, both bounds included. */
export function integer(least: number, most: number): Reader<number> {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return ok(number);
    return refuse(`not a whole number from ${least} to ${most}`);
  };
}

/** A JSON object from names to texts: a scope, and what it allows in words. */
export const texts = json(tableOf(isText), 'a JSON object of texts');

/** A JSON object from names to lists of texts: a role, and its scopes. */
export const textLists = json(tableOf(isTextList), 'a JSON object of lists of texts');

/** Public ES256 keys only: a private member (`d`) in here would be published, so it refuses to start (RFC 7517 section 4). */
export const keySet = json(isKeySet, 'a JSON Web Key Set of public ES256 keys');

function json<T>(is: (value: unknown) => value is T, what: string): Reader<T> {
  return (value) => {
    const parsed = parse(value);
    return is(parsed) ? ok(parsed) : refuse(`not ${what}`);
  };
}

/** What the text stands for; `undefined`, which no JSON stands for, when it is none. */
function parse(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function tableOf<T>(is: (value: unknown) => value is T) {
  return (value: unknown): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(is);
}

function isKeySet(value: unknown): value is { readonly keys: readonly PublicKey[] } {
  if (!isObject(value) || Object.keys(value).join() !== 'keys' || !Array.isArray(value.keys)) return false;
  return value.keys.length > 0 && value.keys.every(isPublicKey);
}

const CONSTANT = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' } as const;
const OWN = ['x', 'y', 'kid'] as const;

/** These members and no other: one more might be the private one. */
function isPublicKey(value: unknown): value is PublicKey {
  if (!isObject(value) || Object.keys(value).length !== Object.keys(CONSTANT).length + OWN.length) return false;
  return Object.entries(CONSTANT).every(([name, is]) => value[name] === is) && OWN.every((name) => isText(value[name]));
}
