import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { CLAUDE } from '../support/registrations.ts';
import { register } from './support/p-register.ts';
import { writesOf } from './support/p-registry.ts';

/** A deployment where only the operator enters clients. */
let cloud: OwnCloud;

beforeAll(async () => {
  cloud = await startOwnCloud({ settings: { registration: { dcr: 'off', cimd: false, vetted: [] } } });
});
afterAll(() => cloud.close());

describe('with registration off', () => {
  test('R35 there is nothing at its address, for nobody and whatever is sent', async () => {
    cloud.endpoint.resetCounts();
    for (const body of [CLAUDE, '{', {}]) {
      const { status, headers, text } = await register(cloud.issuer, body);
      expect([status, headers.get('cache-control')]).toEqual([404, 'no-store']);
      expect(text).not.toContain('client_id');
    }
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(`${cloud.issuer}/register`, { method })).status).toBe(404);
    }
    expect(writesOf(cloud)).toEqual([]);
  });

  test('R35 M2 the metadata does not name it, nor client id metadata documents, at either address', async () => {
    for (const name of ['oauth-authorization-server', 'openid-configuration']) {
      const response = await fetch(`${cloud.issuer}/.well-known/${name}`);
      expect(response.status).toBe(200);
      const metadata = (await response.json()) as object;
      expect(metadata).toHaveProperty('authorization_endpoint', `${cloud.issuer}/authorize`);
      expect(metadata).not.toHaveProperty('registration_endpoint');
      expect(metadata).not.toHaveProperty('client_id_metadata_document_supported');
    }
  });
});
