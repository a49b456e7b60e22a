import type { Settings } from '../../settings.ts';
import { ask, NoAnswer } from './ask.ts';
import { type Check, fail, notChecked, type Outcome, ok } from './finding.ts';
import { discoveryChecks } from './live-discovery.ts';
import { transportChecks } from './live-transport.ts';
import type { Principle } from './principles.ts';

/** A running server: where `/mcp` is, and the authorization server, which is at the same origin. */
export type Live = { readonly mcp: URL; readonly origin: string; readonly loopback: boolean };

/** A check of a running server, and the principle that it is evidence for. */
export type LiveCheck = Check & { readonly principle: Principle };

/** A page that nobody may have allowed: RFC 6761 section 6.4 keeps the name from ever existing. */
const FOREIGN = 'https://gatehouse-doctor.invalid';
/** More than the 256 KiB that a message may have, and less than API Gateway's own limit. */
const TOO_LARGE = 300 * 1024;

/** Whether anybody is there at all: where nobody is, every other check would only say so again. */
export function reachable({ mcp }: Live): Check {
  return {
    name: 'the server',
    look: async () => {
      try {
        await ask(mcp);
        return ok(`${mcp.href} answers`);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (error.offline) return notChecked(`no network: ${error.message}`);
        return fail(`${error.message}. Compare the address with the output McpUrl, and its name with DomainTarget.`);
      }
    },
  };
}

/** Everything that is looked at from outside, without a token and without leaving anything behind. */
export function liveChecks(live: Live, registration: Settings['registration'] | undefined): LiveCheck[] {
  const checks: LiveCheck[] = [
    { principle: 2, name: 'no token', look: () => withoutToken(live) },
    { principle: 2, name: 'a made-up token', look: () => withMadeUpToken(live) },
    ...discoveryChecks(live, registration),
    { principle: 1, name: 'an unknown client', look: () => unknownClient(live) },
    { principle: 2, name: 'a foreign page', look: () => fromForeignPage(live) },
    { principle: 2, name: 'too large a body', look: () => tooLarge(live) },
    { principle: 9, name: 'an unknown path', look: () => unknownPath(live) },
    ...transportChecks(live),
  ];
  return checks.map(({ look, ...check }) => ({ ...check, look: () => look().catch(noAnswer) }));
}

function noAnswer(error: unknown): Outcome {
  if (error instanceof NoAnswer) return fail(`${error.message}.`);
  throw error;
}

const JSON_BODY = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

/** RFC 9728 section 5.1. */
async function withoutToken({ mcp, origin }: Live): Promise<Outcome> {
  const { status, headers } = await ask(mcp, { method: 'POST', headers: JSON_BODY, body: PING });
  const challenge = headers['www-authenticate'];
  const renamed = headers['x-amzn-remapped-www-authenticate'];
  if (status !== 401) return fail(`${mcp.href} answers ${status} without a token. A client waits for 401.`);
  if (challenge === undefined && renamed !== undefined) {
    return fail(
      'The 401 has its challenge in x-amzn-remapped-www-authenticate, where no client looks. API Gateway renamed it, and the response mapping of infra/constructs/front-door.ts did not put it back. Deploy the service stack again.',
    );
  }
  if (challenge === undefined) return fail('The 401 has no WWW-Authenticate, so no client learns where to sign in.');
  const metadata = /^Bearer .*\bresource_metadata="([^"]*)"/i.exec(challenge)?.[1];
  if (metadata === undefined) return fail(`The 401 has no resource_metadata in its challenge: ${challenge}`);
  const expected = `${origin}/.well-known/oauth-protected-resource${mcp.pathname}`;
  if (metadata !== expected) return fail(`The 401 names ${metadata} as resource_metadata. It should be ${expected}.`);
  return ok('401 with WWW-Authenticate: Bearer resource_metadata=…');
}

async function withMadeUpToken({ mcp }: Live): Promise<Outcome> {
  const authorization = 'Bearer gatehouse-doctor';
  const { status, headers } = await ask(mcp, { method: 'POST', headers: { ...JSON_BODY, authorization }, body: PING });
  if (status !== 401) return fail(`${mcp.href} answers ${status} to a token that nobody issued. It has to be 401.`);
  if (!/error="invalid_token"/.test(headers['www-authenticate'] ?? '')) {
    return fail('The 401 for a made-up token does not say error="invalid_token" (RFC 6750 section 3.1).');
  }
  return ok('401 invalid_token');
}

/** RFC 6749 section 4.1.2.1: who is not known gets a page, and nobody is sent anywhere. */
async function unknownClient({ origin }: Live): Promise<Outcome> {
  const url = new URL(`${origin}/authorize`);
  const query = { response_type: 'code', client_id: 'gatehouse-doctor', redirect_uri: `${FOREIGN}/callback` };
  url.search = new URLSearchParams(query).toString();
  const { status, headers } = await ask(url);
  if (headers.location !== undefined) {
    return fail(`/authorize sends an unknown client on to ${headers.location}. It has to answer with a page.`);
  }
  if (status < 400 || status > 499) return fail(`/authorize answers ${status} to an unknown client instead of 400.`);
  return ok(`${status}, and sent nowhere`);
}

async function fromForeignPage({ mcp }: Live): Promise<Outcome> {
  const { status, headers } = await ask(mcp, {
    method: 'POST',
    headers: { ...JSON_BODY, origin: FOREIGN },
    body: PING,
  });
  if (status !== 403) return fail(`A page of ${FOREIGN} gets ${status} instead of 403: Origin is not looked at.`);
  if (headers['access-control-allow-origin'] !== undefined) {
    return fail(`A page of ${FOREIGN} may read the answer: access-control-allow-origin is there.`);
  }
  return ok('403');
}

async function tooLarge({ mcp }: Live): Promise<Outcome> {
  const { status } = await ask(mcp, { method: 'POST', headers: JSON_BODY, body: `"${'x'.repeat(TOO_LARGE)}"` });
  return status === 413 ? ok('413') : fail(`A body of ${TOO_LARGE} bytes gets ${status} instead of 413.`);
}

async function unknownPath({ origin }: Live): Promise<Outcome> {
  const url = new URL(`${origin}/gatehouse-doctor`);
  const { status } = await ask(url);
  return status === 404
    ? ok('404')
    : fail(`${url.href} answers ${status} instead of 404: something serves every path.`);
}
