import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { ask, NoAnswer, PATIENCE } from './ask.ts';
import { fail, notChecked, type Outcome, ok } from './finding.ts';
import type { Live, LiveCheck } from './live.ts';

/** Seconds that Strict-Transport-Security has to last at least: half a year. */
const HALF_A_YEAR = 15_768_000;

/** That nothing travels in the clear. On loopback there is nothing to travel over (RFC 8252 section 8.3). */
export function transportChecks(live: Live): LiveCheck[] {
  const local = async () => notChecked('loopback');
  return [
    { principle: 4, name: 'HSTS', look: () => strictTransport(live) },
    { principle: 4, name: 'plain HTTP', look: live.loopback ? local : () => plainHttp(live) },
    { principle: 4, name: 'TLS 1.2 or newer', look: live.loopback ? local : () => oldTls(live) },
  ];
}

/** RFC 6797 section 6.1. */
async function strictTransport({ mcp }: Live): Promise<Outcome> {
  const { headers } = await ask(mcp);
  const header = headers['strict-transport-security'];
  if (header === undefined) return fail('Strict-Transport-Security is missing: a browser may come back by plain HTTP.');
  const seconds = Number(/\bmax-age="?(\d+)/i.exec(header)?.[1] ?? 0);
  if (seconds < HALF_A_YEAR) return fail(`Strict-Transport-Security lasts ${seconds} seconds, less than half a year.`);
  return ok(header);
}

/** The same host on port 80: nobody there, or a redirect to https. */
export async function plainHttp({ mcp }: Pick<Live, 'mcp'>, port = 80): Promise<Outcome> {
  const url = new URL(mcp.href.replace(/^https:/, 'http:'));
  url.port = String(port);
  try {
    const { status, headers } = await ask(url);
    const onward = headers.location ?? '';
    if (status >= 300 && status <= 399 && onward.startsWith('https://')) return ok(`redirected to https (${status})`);
    // Refused before anything is looked at, as CloudFront does it.
    if (status === 403 && headers['www-authenticate'] === undefined) return ok('403 for everything');
    return fail(`${url.href} answers ${status} over plain HTTP. Whatever is in front must refuse it or redirect.`);
  } catch (error) {
    if (error instanceof NoAnswer) return ok('nobody answers');
    throw error;
  }
}

/** A handshake that offers TLS 1.1 and nothing newer has to fail (RFC 8996). */
export async function oldTls({ mcp }: Pick<Live, 'mcp'>): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const socket = connect({
    host: mcp.hostname,
    port: Number(mcp.port || 443),
    // RFC 6066 section 3: a name, never an address.
    ...(isIP(mcp.hostname) === 0 && { servername: mcp.hostname }),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    // OpenSSL offers TLS 1.1 only at its lowest level. Nothing is sent over it, and who answers is not the question.
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
    timeout: PATIENCE,
  });
  const end = (outcome: Outcome) => {
    resolve(outcome);
    socket.destroy();
  };
  socket.once('secureConnect', () =>
    end(fail(`${mcp.host} accepts ${socket.getProtocol()}. It has to be 1.2 or newer.`)),
  );
  socket.once('timeout', () => end(notChecked(`no answer to a handshake within ${PATIENCE / 1000} seconds`)));
  socket.once('error', ({ code, message }: NodeJS.ErrnoException) => {
    // What the server says to an old version, or that it hangs up; anything else is about this machine.
    const refused = /ALERT|ECONNRESET|EPROTO/.test(`${code}`) || /alert|disconnected/i.test(message);
    end(refused ? ok('1.1 is refused') : notChecked(`this machine cannot offer TLS 1.1 (${code ?? message})`));
  });
  return promise;
}
