import type { Seconds } from '../ports.ts';

/** How long things live. Seconds. */
const MINUTE: Seconds = 60;
const HOUR: Seconds = 60 * MINUTE;
export const DAY: Seconds = 24 * HOUR;

/** An access token cannot be taken back, so it is short. RFC 9068 section 5 and the MCP security considerations. */
export const ACCESS_TOKEN: Seconds = 10 * MINUTE;

/** RFC 6749 section 4.1.2 allows ten minutes; a redirect takes a second. */
export const CODE: Seconds = 60;

/** From the consent page to the return from the identity provider: time to read, sign in and find the second factor. */
export const TRANSACTION: Seconds = 10 * MINUTE;

/** How long a grant is kept whose code was never redeemed: longer than the code, so that a late one is still explained. */
export const UNREDEEMED_GRANT: Seconds = 10 * MINUTE;

/** A refresh family that nobody uses. */
export const FAMILY_IDLE: Seconds = 30 * DAY;

/** A refresh family however often it is used: people sign in again once a quarter (RFC 9700 section 2.2.2). */
export const FAMILY_ABSOLUTE: Seconds = 90 * DAY;

/** A client that registered and never got a token. Keeps a flood of registrations from staying. */
export const CLIENT_UNUSED: Seconds = 24 * HOUR;

/** A client whose last token is this long ago. */
export const CLIENT_IDLE: Seconds = 90 * DAY;

/** The end of what has none, such as a client that the operator wrote: the last second of the year 9999. */
export const NEVER: Seconds = 253_402_300_799;
