import type { Random } from '../ports.ts';
import { isDocumentUrl } from './cimd/document-url.ts';

/**
 * Identifiers that become part of a storage key. Each type can only be made by its parser, so no key is ever built from
 * text that was not checked: no `#`, which separates the kind of an item from its id, no `.`, which separates the parts
 * of a token, no `/`, nothing outside ASCII. The one exception, a client id that is an address, becomes a digest first.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ClientId = Branded<'client'>;
export type TransactionId = Branded<'transaction'>;
export type GrantId = Branded<'grant'>;

const CLIENT_ID = /^[A-Za-z0-9_~:-]{1,128}$/;
const DRAWN_ID = /^[A-Za-z0-9_-]{22}$/;
const DRAWN_BYTES = 16;

/** A client id as the registry issues it, or the address of a document, or `undefined` for anything that is neither. */
export function parseClientId(text: string): ClientId | undefined {
  return CLIENT_ID.test(text) || isDocumentUrl(text) ? (text as ClientId) : undefined;
}

/** The id of a sign-in in progress: 128 random bits. */
export function parseTransactionId(text: string): TransactionId | undefined {
  return DRAWN_ID.test(text) ? (text as TransactionId) : undefined;
}

/** The id of a grant: 128 random bits, the first part of its code and of its refresh tokens. */
export function parseGrantId(text: string): GrantId | undefined {
  return DRAWN_ID.test(text) ? (text as GrantId) : undefined;
}

export function drawTransactionId(random: Random): TransactionId {
  return random(DRAWN_BYTES).toString('base64url') as TransactionId;
}

export function drawGrantId(random: Random): GrantId {
  return random(DRAWN_BYTES).toString('base64url') as GrantId;
}

/** A secret of 256 bits in base64url: 43 characters. Every byte of it is random, so nothing is reduced modulo anything. */
export function drawSecret(random: Random): string {
  return random(32).toString('base64url');
}
