/**
 * Client ids that are addresses: the client describes itself in a document at that address
 * (draft-ietf-oauth-client-id-metadata-document section 3).
 *
 * Everything about the address that could lead a fetch elsewhere is refused here, before a rule is looked up, let alone
 * a name resolved: another scheme or port, user information, a query, a fragment, no path, any `%` (which could hide a
 * dot or a slash), IP literals in all their spellings, and names that only mean something inside a network.
 */
const MAX_LENGTH = 512;

/** At least two labels, and the last one begins with a letter: so no IPv4 address and no bare name. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])$/;
const PATH = /^\/[A-Za-z0-9._~!$&'()+,;=:@/-]+$/;

/** RFC 6761, RFC 6762 and RFC 8375 names, what people call their own networks, and where AWS puts its endpoints. */
const INSIDE =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|corp|home|home\.arpa|amazonaws\.com|amazonaws\.com\.cn)$/;

/** Whether a client metadata document, or the keys it names, may be at this address at all. */
export function isDocumentUrl(text: string): boolean {
  if (text.length > MAX_LENGTH || !text.startsWith('https://')) return false;
  const url = URL.parse(text);
  // Canonical, so that two spellings are never one client, and dot segments are seen as what they are: a change.
  if (url === null || url.href !== text) return false;
  if (`${url.username}${url.password}${url.port}` !== '' || text.includes('?') || text.includes('#')) return false;
  return HOST.test(url.hostname) && !INSIDE.test(url.hostname) && PATH.test(url.pathname);
}
