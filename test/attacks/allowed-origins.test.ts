import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/** Pages that may call from a browser (`allowedOrigins`), and everybody else's. */
const OURS = 'https://app.example.com';
const THEIRS = ['https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com', 'null'];

let cloud: OwnCloud;

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: { allowedOrigins: [OURS] } });
});
afterAll(() => cloud.close());

const from = (origin: string, path: string, method = 'POST') =>
  fetch(`${cloud.issuer}${path}`, {
    method,
    headers: {
      origin,
      'content-type': 'application/json',
      ...(method === 'OPTIONS' && { 'access-control-request-method': 'POST' }),
    },
  });

describe.each([
  ['B27', '/mcp'],
  ['R38', '/register'],
  ['K21', '/token'],
])('%s at %s', (row, path) => {
  test(`${row} a page of a named origin may read the answer, without credentials`, async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const { headers, status } = await from(OURS, path, method);
      expect(status).not.toBe(403);
      expect(headers.get('access-control-allow-origin')).toBe(OURS);
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      expect(headers.get('vary')).toContain('origin');
    }
  });

  test.each(THEIRS)(`${row} a page of %s may not`, async (origin) => {
    const { headers, status } = await from(origin, path);
    if (path === '/mcp') expect(status).toBe(403);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('A44 a named origin reads nothing of the pages that people sign in on', async () => {
  const { headers } = await from(OURS, '/authorize?client_id=x', 'GET');
  expect(headers.get('access-control-allow-origin')).toBeNull();
});
