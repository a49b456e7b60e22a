import { createHash, randomBytes } from 'node:crypto';
import { createFaults, type Faults } from '../../../infra/local/aws/faults.ts';
import type { CloudOptions } from '../../../infra/local/cloud.ts';
import type { RequestReport } from '../../../infra/local/gateway/gateway.ts';
import { Browser } from '../../support/browser.ts';
import { type OwnCloud, startOwnCloud } from '../../support/own-cloud.ts';
import { type Person, signIn } from '../../support/sign-in.ts';
import { accessTokenOf, encode, type Fields, post, read, refreshTokenOf } from './t-form.ts';

const REDIRECT_URIS: readonly string[] = ['http://127.0.0.1:33418/'];
const [REDIRECT_URI = ''] = REDIRECT_URIS;

export type Login = {
  readonly clientId: string;
  readonly verifier: string;
  readonly state: string;
  readonly code: string;
  readonly landed: URL;
};
export type TokenPair = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** A cloud in this process, and a client that walks the whole leg: registration, consent, sign-in, code, refresh. */
export type FlowCloud = {
  readonly cloud: OwnCloud;
  readonly faults: Faults;
  /** Every line of every function, and of the gateway. */
  readonly lines: readonly string[];
  /** The same name is the same client, so a client that nobody used yet needs a name of its own. */
  readonly register: (name?: string) => Promise<{ readonly id: string; readonly redirectUris: unknown }>;
  readonly authorizeUrl: (clientId: string, changes?: Fields) => string;
  readonly login: (clientId: string, as?: Person, browser?: Browser) => Promise<Login>;
  readonly redeem: (login: Login) => Promise<TokenPair>;
  readonly refresh: (clientId: string, token: string) => Promise<TokenPair>;
  readonly close: () => Promise<void>;
};

export async function startFlowCloud(options: Partial<CloudOptions> = {}): Promise<FlowCloud> {
  const lines: string[] = [];
  const faults = createFaults();
  const cloud = await startOwnCloud({
    faults,
    onLog: (_, line) => void lines.push(line),
    onRequest: (report: RequestReport) => void lines.push(JSON.stringify(report)),
    ...options,
  });
  const token = async (fields: Fields): Promise<TokenPair> => {
    const answer = await post(`${cloud.issuer}/token`, fields);
    return { accessToken: accessTokenOf(answer), refreshToken: refreshTokenOf(answer), body: answer.body };
  };
  const authorizeUrl = (clientId: string, changes: Fields = {}) =>
    `${cloud.issuer}/authorize?${encode({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: REDIRECT_URI,
      code_challenge_method: 'S256',
      resource: cloud.mcpUrl,
      scope: 'orders:read tickets:read',
      ...changes,
    })}`;
  return {
    cloud,
    faults,
    lines,
    register: async (name = 'VS Code') => {
      const response = await fetch(`${cloud.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          redirect_uris: REDIRECT_URIS,
          client_name: name,
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code', 'refresh_token'],
        }),
      });
      const { status, text, body } = await read(response);
      if (status !== 201) throw new Error(`registration answered ${status}: ${text}`);
      return { id: String(body.client_id), redirectUris: body.redirect_uris };
    },
    authorizeUrl,
    login: async (clientId, as = 'ada', browser = new Browser()) => {
      const verifier = randomBytes(32).toString('base64url');
      const state = randomBytes(16).toString('base64url');
      const code_challenge = createHash('sha256').update(verifier).digest('base64url');
      const landed = await signIn(authorizeUrl(clientId, { code_challenge, state }), REDIRECT_URI, { as, browser });
      const code = landed.searchParams.get('code');
      if (code === null) throw new Error(`no code at ${landed.href}`);
      return { clientId, verifier, state, code, landed };
    },
    redeem: ({ clientId, verifier, code }) =>
      token({
        grant_type: 'authorization_code',
        client_id: clientId,
        redirect_uri: REDIRECT_URI,
        code_verifier: verifier,
        code,
      }),
    refresh: (clientId, refreshToken) =>
      token({ grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken }),
    close: cloud.close,
  };
}
