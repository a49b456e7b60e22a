import { describe, expect, inject, test } from 'vitest';

/** What other authorization servers have and this one does not: nothing answers, and nothing advertises it. */
const { issuer } = inject('stack');

const NOT_OFFERED: [path: string, member: string][] = [
  ['/introspect', 'introspection_endpoint'],
  ['/userinfo', 'userinfo_endpoint'],
  ['/par', 'pushed_authorization_request_endpoint'],
  ['/device_authorization', 'device_authorization_endpoint'],
  ['/end_session', 'end_session_endpoint'],
  ['/interaction/x', 'interaction_endpoint'],
  ['/check_session', 'check_session_iframe'],
  ['/backchannel', 'backchannel_authentication_endpoint'],
];

describe('what is not offered', () => {
  test.each(NOT_OFFERED)('I1 M3 %s is 404 for every method, and %s is in no metadata', async (path, member) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const body = method === 'POST' ? new URLSearchParams({ token: 'x' }) : null;
      const response = await fetch(`${issuer}${path}`, { method, body });
      expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
    }
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const metadata = await (await fetch(`${issuer}/.well-known/${name}`)).json();
      expect(metadata).toHaveProperty('issuer', issuer);
      expect(metadata).not.toHaveProperty(member);
    }
  });

  test.each(['I2 without a client', 'I3 by the client of a token'])(
    '%s, introspection answers nothing',
    async (caller) => {
      const headers = new Headers(caller.startsWith('I3') ? { authorization: 'Bearer x' } : {});
      const body = new URLSearchParams({ token: 'x', token_type_hint: 'access_token', client_id: 'x' });
      const response = await fetch(`${issuer}/introspect`, { method: 'POST', headers, body });
      expect([response.status, await response.text()]).toEqual([404, expect.not.stringContaining('active')]);
    },
  );
});
