/**
 * Headers that every answer carries, errors included.
 *
 * `Strict-Transport-Security` (RFC 6797 section 7.2 lets a browser ignore it on plain HTTP, so the loopback run may send
 * it too) and `nosniff`, so that no answer is ever read as something else than it says it is.
 */
export const ALWAYS: Readonly<Record<string, string>> = {
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
