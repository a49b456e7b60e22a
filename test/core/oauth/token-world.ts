import type { Client } from '../../../functions/core/oauth/client.ts';
import { digest } from '../../../functions/core/oauth/digest.ts';
import { exchangeToken } from '../../../functions/core/oauth/exchange-token.ts';
import { codeDigest, type Grant } from '../../../functions/core/oauth/grant.ts';
import { drawGrantId, drawSecret } from '../../../functions/core/oauth/identifiers.ts';
import type { TokenPorts } from '../../../functions/core/oauth/present-grant.ts';
import type { Redemption, Rotation } from '../../../functions/core/oauth/store.ts';
import { drawTokenString, writeTokenString } from '../../../functions/core/oauth/token-string.ts';
import { ok, refuse } from '../../../functions/core/result.ts';
import { aClient, aGrant, random } from '../../support/builders.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { onRecord } from '../../support/on-record.ts';

export const RESOURCE = 'https://mcp.example/mcp';
export const VERIFIER = 'a verifier that is long enough to be one of them'.replaceAll(' ', '-');
export const down = refuse({ reason: 'store-unavailable', operation: 'x', detail: 'down' });
export const NOW = createFakeClock().seconds();
export const DAY = 86_400;

/** What stands in the refresh token or code that is presented. */
export const parts = drawTokenString(drawGrantId(random), random);
export const TOKEN = writeTokenString(parts);

/** A grant whose code is the token above. */
export function aCodeGrant(changes: Partial<Grant> = {}): Grant {
  return aGrant({
    id: parts.grantId,
    challenge: digest(VERIFIER),
    code: codeDigest(parts),
    familySecret: digest(parts.familySecret),
    codeExpires: NOW + 60,
    expires: NOW + 600,
    ...changes,
  });
}

/** A grant whose current refresh token is the token above. */
export function aFamilyGrant(changes: Partial<Grant> = {}, family: Partial<NonNullable<Grant['family']>> = {}): Grant {
  return aCodeGrant({
    status: 'active',
    code: digest('the code that was'),
    family: {
      current: digest(parts.rotatingSecret),
      superseded: undefined,
      generation: 3,
      idleExpires: NOW + 30 * DAY,
      absoluteExpires: NOW + 60 * DAY,
      ...family,
    },
    ...changes,
  });
}

/** What a table says to a write: it is done, or whatever `outcome` makes of what should have been written. */
type Written = Awaited<ReturnType<TokenPorts['grants']['redeem']>>;

export type TokenWorld = {
  readonly grant?: Grant | undefined;
  readonly client?: Client | undefined;
  readonly find?: TokenPorts['grants']['find'];
  readonly directory?: TokenPorts['registry']['find'];
  readonly redeemed?: (next: Redemption) => Written;
  readonly rotated?: (next: Rotation) => Written;
  readonly revoke?: Awaited<ReturnType<TokenPorts['grants']['revoke']>>;
  readonly allowance?: TokenPorts['allowance'];
  readonly sign?: TokenPorts['signer']['sign'];
  readonly record?: TokenPorts['record'];
  readonly grace?: number;
  /** Seconds that pass while the signing key answers. */
  readonly signingTakes?: number;
};

export type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

/** POST /token with this form, over tables that say what the test says. */
export async function exchange(form: Form, world: TokenWorld = {}) {
  const clock = createFakeClock();
  const { grant = aCodeGrant(), client = aClient() } = world;
  const done: [operation: string, ...of: unknown[]][] = [];
  const ports: TokenPorts = {
    clock,
    random,
    issuer: 'https://mcp.example',
    resource: RESOURCE,
    refreshGrace: world.grace ?? 10,
    registry: {
      find: world.directory ?? (async (id) => ok(id === client.id ? client : undefined)),
      extend: async (...of) => {
        done.push(['extend', ...of]);
        return ok('extended');
      },
    },
    grants: {
      find: world.find ?? (async (id) => ok(id === grant.id ? grant : undefined)),
      redeem: async (id, proof, next) => {
        done.push(['redeem', id, proof, next]);
        return world.redeemed?.(next) ?? ok(grant);
      },
      rotate: async (id, proof, next) => {
        done.push(['rotate', id, proof, next]);
        return world.rotated?.(next) ?? ok(grant);
      },
      revoke: async (id) => {
        done.push(['revoke', id]);
        return world.revoke ?? ok('revoked');
      },
    },
    allowance: world.allowance ?? (async () => ok(undefined)),
    signer: {
      kid: 'k',
      sign: async (input) => {
        done.push(['sign']);
        clock.advance(`${world.signingTakes ?? 0}s`);
        return world.sign?.(input) ?? Buffer.from('signature');
      },
    },
    assertions: { spend: async () => ok('spent') },
    openAssertion: async () => undefined,
    record: world.record ?? onRecord,
  };
  const fields = Object.entries(form).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, each] as const),
  );
  const result = await exchangeToken(ports, fields, undefined);
  const claims = result.ok
    ? JSON.parse(Buffer.from(result.value.accessToken.split('.')[1] ?? '', 'base64url').toString())
    : undefined;
  return { result, claims, done, did: done.map(([operation]) => operation) };
}

export const refused = (reason: string, more = {}) => ({ ok: false, error: { reason, ...more } });
export const someSecret = () => digest(drawSecret(random));
