import { digest, sameDigest } from './digest.ts';

/** S256 of anything is 32 bytes, 43 characters of base64url without padding: any other length was not made by S256. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

/** RFC 7636 section 4.1. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;

/** Whether this can be an S256 challenge (RFC 7636 section 4.2). `plain` does not exist here. */
export function isChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}

/** The S256 challenge of a verifier. */
export function challengeOf(verifier: string): string {
  return digest(verifier);
}

/** Whether the caller holds the verifier whose challenge began this flow (RFC 7636 section 4.6). */
export function verifierMatches(verifier: string, challenge: string): boolean {
  return VERIFIER.test(verifier) && isChallenge(challenge) && sameDigest(challengeOf(verifier), challenge);
}
