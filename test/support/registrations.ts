import { expect } from 'vitest';
import type { Client } from '../../functions/core/oauth/client.ts';
import { anAuthorizationServer, bodyOf } from './authorization-server.ts';

/** What Claude sends to /register. */
export const CLAUDE = {
  redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
  client_name: 'Claude',
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

/** Clients that registered themselves; the server comes with two of the operator's. */
export const registered = (server: Server): Client[] =>
  server.store.contents().filter((item): item is Client => 'vettedAs' in item && item.source === 'dcr');

/** The answer to a registration that must be refused and leave nothing behind. */
export async function refusal(body: unknown, headers?: Readonly<Record<string, string>>) {
  const server = await anAuthorizationServer();
  const response = headers ? await server.register(body, headers) : await server.register(body);
  expect(registered(server)).toEqual([]);
  expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
  return { status: response.status, ...bodyOf<{ error: string; error_description: string }>(response) };
}
