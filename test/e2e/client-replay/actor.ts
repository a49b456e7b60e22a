import { createHash, randomBytes } from 'node:crypto';
import type { Cloud } from '../../../infra/local/cloud.ts';
import { type AssertionKey, anAssertion, assertionFields } from '../../attacks/support/c-assertions.ts';
import { encode, type Fields, type Posted, read } from '../../attacks/support/t-form.ts';
import { initializeMessage, legacyMessage, type McpAnswer, modernMessage, type Sent } from '../../support/mcp-wire.ts';
import { signIn } from '../../support/sign-in.ts';
import { type Probe, type Replay, resourceOf } from './replay.ts';

/** The members of the authorization server's metadata that a client goes by. */
export type Metadata = {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint: string;
  readonly scopes_supported: readonly string[];
  readonly [member: string]: unknown;
};

export type Login = { readonly clientId: string; readonly landed: URL; readonly verifier: string };

/**
 * Plays one client over plain HTTP. Each step returns what came back and judges nothing, so that the test reads as the
 * list of what must come back.
 */
export function actorOf(cloud: Cloud, replay: Replay, key: AssertionKey) {
  const ask = askFrom(replay.page);
  const resource = resourceOf(replay.resource, cloud.mcpUrl);

  const post = async (sent: Sent, token?: string): Promise<McpAnswer> => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await ask(cloud.mcpUrl, {
      method: 'POST',
      headers: { ...sent.headers, ...authorization },
      body: sent.body,
    });
    const { status, headers, text } = answer;
    const data = /^data: (\{.*\})$/m.exec(text)?.[1] ?? (text.startsWith('{') ? text : '{}');
    return { status, headers, text, message: JSON.parse(data) };
  };

  const token = async (metadata: Metadata, clientId: string, fields: Fields): Promise<Posted> => {
    const audience = metadata.issuer;
    const proof = replay.proves ? assertionFields(anAssertion(key, { clientId, audience })) : {};
    return ask(metadata.token_endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: encode({ client_id: clientId, ...resource, ...proof, ...fields }),
    });
  };

  return {
    /** One request without a token. */
    probe: (probe: Probe): Promise<Posted> => {
      if (probe === 'GET') return ask(cloud.mcpUrl, { headers: { accept: 'text/event-stream' } });
      const sent = probe === 'initialize' ? initializeMessage(revisionOf(replay)) : modernMessage('server/discover');
      return ask(cloud.mcpUrl, { method: 'POST', ...sent });
    },
    document: (path: string): Promise<Posted> => ask(`${cloud.issuer}${path}`),
    register: (metadata: Metadata): Promise<Posted> => {
      if (replay.registers.kind !== 'dcr') throw new Error(`${replay.client} does not register`);
      return ask(metadata.registration_endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(replay.registers.metadata),
      });
    },
    /** The address it opens in a browser, which is no request of its own. */
    authorizeUrl: (metadata: Metadata, clientId: string, challenged: string): { url: string; verifier: string } => {
      const verifier = randomBytes(32).toString('base64url');
      const query = encode({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: replay.redirectUri,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        state: randomBytes(16).toString('base64url'),
        scope: scopeOf(replay, challenged, metadata),
        prompt: replay.prompt,
        ...resource,
      });
      return { url: `${metadata.authorization_endpoint}?${query}`, verifier };
    },
    /** The person's part: ada reads, agrees and signs in. */
    signIn: async (clientId: string, { url, verifier }: { url: string; verifier: string }): Promise<Login> => ({
      clientId,
      landed: await signIn(url, replay.redirectUri, { as: 'ada' }),
      verifier,
    }),
    redeem: (metadata: Metadata, { clientId, landed, verifier }: Login): Promise<Posted> =>
      token(metadata, clientId, {
        grant_type: 'authorization_code',
        code: landed.searchParams.get('code') ?? '',
        redirect_uri: replay.redirectUri,
        code_verifier: verifier,
      }),
    refresh: (metadata: Metadata, clientId: string, refreshToken: string): Promise<Posted> =>
      token(metadata, clientId, { grant_type: 'refresh_token', refresh_token: refreshToken }),
    /** How it opens the conversation, in order. Each must be accepted. */
    greet: async (accessToken: string): Promise<readonly McpAnswer[]> => {
      const discover = modernMessage('server/discover');
      if (replay.speaks === '2026-07-28') return [await post(discover, accessToken)];
      const first = replay.speaks.startsWith('server/discover') ? [await post(discover, accessToken)] : [];
      const revision = revisionOf(replay);
      const initialized = await post(initializeMessage(revision), accessToken);
      const told = await post(legacyMessage('notifications/initialized', undefined, revision), accessToken);
      return [...first, initialized, told];
    },
    ask: (method: string, params: Readonly<Record<string, unknown>>, accessToken: string): Promise<McpAnswer> => {
      const modern = replay.speaks === '2026-07-28';
      return post(
        modern ? modernMessage(method, params) : legacyMessage(method, params, revisionOf(replay)),
        accessToken,
      );
    },
  };
}

/** The revision it names in initialize. */
function revisionOf({ speaks }: Replay): string {
  return speaks === '2025-06-18' ? speaks : '2025-11-25';
}

function scopeOf({ scope }: Replay, challenged: string, metadata: Metadata): string | undefined {
  switch (scope) {
    case 'challenge':
      return challenged;
    case 'challenge and offline_access':
      return `${challenged} offline_access`;
    case 'offered':
      return metadata.scopes_supported.join(' ');
    case 'none':
      return undefined;
  }
}

/**
 * A fetch as a program makes it, or as a page does: a page's request that is not simple is announced by a preflight, and
 * an answer that does not name its origin is an error to it (Fetch standard, CORS protocol).
 */
function askFrom(page: string | undefined) {
  return async (url: string, { headers: named, ...init }: RequestInit = {}): Promise<Posted> => {
    const headers = new Headers(named);
    if (page === undefined) return read(await fetch(url, { redirect: 'manual', ...init, headers }));
    const method = init.method ?? 'GET';
    const beyondSimple = [...headers.keys()].filter((name) => name !== 'accept');
    if (beyondSimple.length > 0) {
      const preflight = await fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin: page,
          'access-control-request-method': method,
          'access-control-request-headers': beyondSimple.join(','),
        },
      });
      const allowed = preflight.headers.get('access-control-allow-headers')?.split(/, */) ?? [];
      const missing = beyondSimple.filter((name) => !allowed.includes(name));
      if (!preflight.ok || missing.length > 0) {
        throw new Error(`preflight of ${method} ${url}: ${preflight.status}, not allowed: ${missing.join(', ')}`);
      }
    }
    headers.set('origin', page);
    const answer = await read(await fetch(url, { redirect: 'manual', ...init, headers }));
    const readable = answer.headers.get('access-control-allow-origin');
    if (readable !== page && readable !== '*') throw new Error(`a page may not read ${method} ${url}: ${readable}`);
    return answer;
  };
}
