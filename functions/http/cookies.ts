import { stringifySetCookie } from 'cookie';

/**
 * Cookies of the sign-in pages. The `__Host-` prefix makes the browser refuse one that a sibling domain tossed in: it
 * demands Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3.2). Lax, because the way back from the identity
 * provider is a cross-site navigation.
 */
export function hostCookie(name: string, value: string, maxAge: number): string {
  return stringifySetCookie({
    name: `__Host-${name}`,
    value,
    maxAge,
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'lax',
  });
}

/** Makes the browser forget the cookie. */
export function clearHostCookie(name: string): string {
  return hostCookie(name, '', 0);
}
