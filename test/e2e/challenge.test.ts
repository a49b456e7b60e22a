import { describe, expect, inject, test } from 'vitest';

/**
 * API Gateway is reported to rename a function's WWW-Authenticate. The local gateway does so too, so a challenge that
 * reaches a client here came through the template's own response mapping.
 */
const stack = inject('stack');

describe('the challenge of a 401', () => {
  test('arrives once, under its own name, as the function wrote it', async () => {
    const response = await fetch(stack.mcpUrl, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toMatch(/^Bearer resource_metadata="[^"]+", scope="[^"]+"$/);
    // The second spelling was removed on the way out; the renamed one stays, since no mapping may touch it.
    expect(response.headers.has('x-gatehouse-challenge')).toBe(false);
    expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe(challenge);
  });

  test('says invalid_token only when a token was sent', async () => {
    const response = await fetch(stack.mcpUrl, { method: 'POST', headers: { authorization: 'Bearer nonsense' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('comes before the method is looked at, so that a probe by GET finds the sign-in', async () => {
    const response = await fetch(stack.mcpUrl);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('resource_metadata=');
  });

  test('is not invented where there is none', async () => {
    const response = await fetch(`${stack.issuer}/consent`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
    expect(response.status).toBe(403);
    expect(response.headers.has('www-authenticate')).toBe(false);
  });
});
