import type { Random, Seconds } from '../ports.ts';
import { type Digest, digest } from './digest.ts';
import { type ClientId, drawGrantId, type GrantId } from './identifiers.ts';
import { CODE, FAMILY_ABSOLUTE, FAMILY_IDLE, UNREDEEMED_GRANT } from './lifetimes.ts';
import { drawTokenString, writeTokenString } from './token-string.ts';
import type { Transaction } from './transaction.ts';

/**
 * What a person granted a client. Code and refresh family are the same item: there is no second row to race with, so
 * whatever revokes the grant revokes the successor that is being written at that moment.
 *
 * code → active → revoked.
 */
export type Grant = {
  readonly id: GrantId;
  readonly status: 'code' | 'active' | 'revoked';
  readonly clientId: ClientId;
  readonly subject: string;
  readonly roles: readonly string[];
  readonly tenant: string | undefined;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly redirectUri: string;
  readonly challenge: string;
  /** Of the code's two secrets together. Kept after redemption, so that a replay is recognised. */
  readonly code: Digest;
  readonly codeExpires: Seconds;
  /** Of the family secret. Drawn anew at redemption: a code that leaks later says nothing about the family. */
  readonly familySecret: Digest;
  /** `undefined` until the code is redeemed. */
  readonly family: Family | undefined;
  readonly expires: Seconds;
};

export type Family = {
  /** Of the rotating secret that is good now. */
  readonly current: Digest;
  /** Of the one before it, with its successor sealed under it. */
  readonly superseded: Superseded | undefined;
  readonly generation: number;
  readonly idleExpires: Seconds;
  readonly absoluteExpires: Seconds;
};

export type Superseded = { readonly secret: Digest; readonly successor: string; readonly at: Seconds };

/** Who signed in, as the identity provider's ID token says. Nothing else of that token is kept. */
export type Identity = {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly tenant: string | undefined;
};

/** The digest under which a code is known: both of its secrets, so that neither half is worth anything alone. */
export function codeDigest(parts: { readonly familySecret: string; readonly rotatingSecret: string }): Digest {
  return digest(`${parts.familySecret}.${parts.rotatingSecret}`);
}

/** A new grant and the code that redeems it once, within a minute (RFC 6749 section 4.1.2). */
export function mintGrant(
  transaction: Transaction,
  identity: Identity,
  scope: readonly string[],
  now: Seconds,
  random: Random,
): { readonly grant: Grant; readonly code: string } {
  const code = drawTokenString(drawGrantId(random), random);
  const grant: Grant = {
    id: code.grantId,
    status: 'code',
    clientId: transaction.clientId,
    subject: identity.subject,
    roles: identity.roles,
    tenant: identity.tenant,
    scope,
    resource: transaction.resource,
    redirectUri: transaction.redirectUri,
    challenge: transaction.challenge,
    code: codeDigest(code),
    codeExpires: now + CODE,
    familySecret: digest(code.familySecret),
    family: undefined,
    expires: now + UNREDEEMED_GRANT,
  };
  return { grant, code: writeTokenString(code) };
}

/** When a family that is used now would end for want of use; never later than its absolute end. */
export function idleEnd(now: Seconds, absoluteExpires: Seconds): Seconds {
  return Math.min(now + FAMILY_IDLE, absoluteExpires);
}

/** When a family that begins now ends however often it is used. */
export function absoluteEnd(now: Seconds): Seconds {
  return now + FAMILY_ABSOLUTE;
}
