import { afterAll, beforeAll, expect, test } from 'vitest';
import { ruleItem } from '../../functions/core/oauth/cimd/rule-item.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { registryOf, writesOf } from './support/p-registry.ts';

/** C32: client metadata documents switched off. C28: what the front door lets through. */
let cloud: OwnCloud;
beforeAll(async () => {
  const throttle = { authorize: { rate: 1, burst: 20 } };
  cloud = await startOwnCloud({
    settings: { registration: { dcr: 'vetted', vetted: ['claude'], cimd: false }, throttle },
    identityProvider: false,
  });
});
afterAll(() => cloud?.close());

const authorize = (clientId: string) => {
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: 'https://claude.ai/api/mcp/auth_callback' });
  return fetch(`${cloud.issuer}/authorize?${query}`, { redirect: 'manual' });
};

test('C32 an address is no client, whatever rules and presets say, and the metadata does not offer it', async () => {
  const url = 'https://client.example/c.json';
  const rules = [{ url, redirectUris: ['https://claude.ai/api/mcp/auth_callback'], pinned: '{}' }];
  await registryOf(cloud).put(ruleItem('client.example', { status: 'on', rules }));
  cloud.endpoint.resetCounts();
  for (const clientId of [url, 'https://claude.ai/oauth/mcp-oauth-client-metadata']) {
    const response = await authorize(clientId);
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await response.text()).toMatch(/No entry of this server admits this client \(invalid_client\)/);
  }
  expect(writesOf(cloud)).toEqual([]);
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    const metadata = await fetch(`${cloud.issuer}/.well-known/${name}`);
    expect(await metadata.json()).not.toHaveProperty('client_id_metadata_document_supported');
  }
});

test('C28 a flood of addresses is 429 at the front door', async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => authorize(`https://client.example/${n}.json`)),
  );
  const statuses = new Set(answers.map(({ status }) => status));
  expect(statuses).toEqual(new Set([400, 429]));
});
