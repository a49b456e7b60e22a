import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClientKey, readClientKeys } from '../../../functions/core/oauth/cimd/client-keys.ts';
import { type ClientId, parseClientId } from '../../../functions/core/oauth/identifiers.ts';
import { plainName } from '../../../functions/core/oauth/plain-name.ts';
import { PRESETS } from '../../../functions/core/oauth/presets/index.ts';
import { checkRedirectUri } from '../../../functions/core/oauth/redirect-uri.ts';
import { Problem } from '../../problem.ts';
import { settingsFrom } from '../../settings.ts';
import { CHECKOUT } from '../checkout.ts';

/** What may be registered, as the registration endpoint has it. */
const MAX_REDIRECT_URIS = 10;
const MAX_NAME = 100;
const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400 };
const LONGEST_DAYS = 365;

/** Their ids are kept beside the invitation, so that each is counted once. */
const MOST_USES = 1_000;

/** The one client id a command is about. @throws Problem */
export function oneClientId(verb: string, ids: readonly string[]): ClientId {
  const [text, ...more] = ids;
  if (text === undefined || more.length > 0) {
    throw new Problem(
      `gatehouse clients ${verb} takes one client id, and ${ids.length} came. See: gatehouse clients list`,
    );
  }
  const id = parseClientId(text);
  if (id === undefined)
    throw new Problem(`"${text}" is no id of a client in the registry. See: gatehouse clients list`);
  return id;
}

/** A name as the consent page can show it. @throws Problem */
export function clientName(text: string | undefined): string {
  if (text === undefined || text.trim() === '') {
    throw new Problem('--name is missing: what people read on the consent page. Write, for example, --name "Reports"');
  }
  const name = text.normalize('NFC').trim();
  if ([...name].length > MAX_NAME)
    throw new Problem(`--name has ${[...name].length} characters. Use ${MAX_NAME} at most.`);
  if (plainName(name) !== name.replaceAll(/ +/g, ' ')) {
    throw new Problem(`--name is ${JSON.stringify(name)}, with characters that do not print. Use printable ones.`);
  }
  return name;
}

/**
 * Redirect URIs, by the same validator as a registration's; a custom scheme only as the exact URI of a preset.
 *
 * @throws Problem naming the first that cannot be used
 */
export function redirectUris(uris: readonly string[]): readonly string[] {
  if (uris.length === 0) {
    throw new Problem(
      '--redirect-uri is missing: where codes are sent. Write, for example, https://app.example/callback',
    );
  }
  if (uris.length > MAX_REDIRECT_URIS) {
    throw new Problem(`There are ${uris.length} --redirect-uri. Use ${MAX_REDIRECT_URIS} at most.`);
  }
  const customSchemes = new Set(
    PRESETS.flatMap((preset) => preset.redirectUris).filter((uri) => !/^https?:/.test(uri)),
  );
  for (const uri of uris) {
    const checked = checkRedirectUri(uri, customSchemes);
    if (checked.ok) continue;
    throw new Problem(
      `--redirect-uri is ${JSON.stringify(uri)}, which cannot be registered (${checked.error.fault}). Use the exact, canonical https URI, or http on localhost, 127.0.0.1 or [::1].`,
    );
  }
  return [...new Set(uris)];
}

/**
 * A scope ceiling: names that cdk.json knows, `undefined` for all of them.
 *
 * @throws Problem for a name it does not know: a ceiling with a typing error would quietly be lower
 */
export function scopeCeiling(names: readonly string[]): readonly string[] | undefined {
  if (names.length === 0) return undefined;
  const words = names.flatMap((name) => name.split(' ')).filter((word) => word !== '');
  const known = Object.keys(settingsFrom(contextOfCdkJson()).scopes);
  const unknown = words.find((word) => !known.includes(word));
  if (unknown === undefined && words.length > 0) return [...new Set(words)];
  throw new Problem(
    `--scope is "${unknown ?? ''}", which is not in gatehouse.scopes of cdk.json. Use one of: ${known.join(', ')}.`,
  );
}

function contextOfCdkJson(): Readonly<Record<string, unknown>> {
  const { context } = JSON.parse(readFileSync(join(CHECKOUT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  return context;
}

/**
 * The public keys of `--private-key-jwt --jwks FILE`; `undefined` for a public client.
 *
 * @throws Problem for one flag without the other, or a file with no key that can verify an assertion
 */
export function assertionKeys(privateKeyJwt: boolean, file: string | undefined): readonly ClientKey[] | undefined {
  if (!privateKeyJwt && file === undefined) return undefined;
  if (!privateKeyJwt || file === undefined) {
    const missing = privateKeyJwt ? '--jwks FILE, its public keys,' : '--private-key-jwt';
    throw new Problem(
      `A client that signs needs --private-key-jwt and --jwks together, and ${missing} is missing. Add it.`,
    );
  }
  const read = readClientKeys(parsedFile(file));
  if (!read.ok)
    throw new Problem(`--jwks ${file}: ${read.error}. Write a JWK set of public keys (RFC 7517 section 5).`);
  if (read.value.length > 0) return read.value;
  throw new Problem(`--jwks ${file} has no key for ES256 (P-256) or RS256. Add one; others are not used here.`);
}

function parsedFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Problem(`--jwks ${file} cannot be read: ${(error as Error).message}. Name a file that holds a JWK set.`);
  }
}

/** A time from now, such as 30m, 24h or 7d, in seconds. @throws Problem */
export function duration(flag: string, text: string): number {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_DAYS * 86_400) return seconds;
  throw new Problem(
    `${flag} is "${text}". Use minutes, hours or days such as 30m, 24h or 7d, ${LONGEST_DAYS}d at most.`,
  );
}

/** How many clients may come with an invitation; `undefined` for any number. @throws Problem */
export function usesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const uses = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (uses >= 1 && uses <= MOST_USES) return uses;
  throw new Problem(
    `--uses is "${text}". Use a whole number of clients from 1 to ${MOST_USES}, or leave it out for any number.`,
  );
}
