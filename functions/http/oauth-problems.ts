import type { BrowserRefusal, LocalRefusal, TransactionFault } from '../core/oauth/errors.ts';
import type { Seconds } from '../core/ports.ts';
import { unreachable } from '../core/result.ts';
import type { HttpResponse } from './message.ts';
import { pageHeaders } from './pages/document.ts';
import { type Problem, problemPage } from './pages/problem.ts';
import { html } from './respond.ts';

/**
 * Refusals that end in the browser: nobody is proven to be there to be told, so no address is followed and none is a
 * link (RFC 6749 section 4.1.2.1). The page says what a person can do about it.
 */
export async function refusalPage(refusal: BrowserRefusal | LocalRefusal, requestId: string): Promise<HttpResponse> {
  const { status, retryAfter, ...problem } = problemOf(refusal);
  const retry: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return html(status, await problemPage(problem, requestId), { ...pageHeaders(), ...retry });
}

type StatusProblem = Problem & {
  readonly status: 400 | 403 | 415 | 429 | 503;
  /** When to come again. Seconds. */
  readonly retryAfter?: Seconds;
};

const AGAIN = 'Close this page, go back to the application and connect again.';
const TELL = 'Tell whoever makes the application, or the operator of this server, and give them the request id.';

function problemOf(refusal: BrowserRefusal | LocalRefusal): StatusProblem {
  switch (refusal.reason) {
    case 'request-too-large':
      return invalid('The request is too large');
    case 'repeated-parameter':
      return invalid(`The application sent ${refusal.parameter} more than once`);
    case 'client-missing':
      return unknownClient('The application did not say which client it is');
    case 'client-id-unusable':
      return unknownClient('The application named itself in a way this server does not know');
    case 'client-unknown':
      return unknownClient('No entry of this server admits this client', refusal.clientId);
    case 'document-not-admitted':
      return {
        ...unknownClient('No rule admits this client', refusal.clientId),
        advice: 'Ask the operator of this server to admit it, if you need it.',
      };
    case 'document-unusable':
      return {
        ...unknownClient('The document in which this client describes itself could not be used', refusal.clientId),
        advice: `Try again in a minute. If it happens again: ${TELL.charAt(0).toLowerCase()}${TELL.slice(1)}`,
      };
    // RFC 6585 section 4. Whoever describes a thousand clients at one host shall not have it asked a thousand times.
    case 'document-not-fetched':
      return {
        status: 429,
        retryAfter: refusal.retryAfter,
        title: 'Too many at once',
        happened:
          'Too many applications of the same host came within a minute, so this one was not looked up (temporarily_unavailable):',
        value: refusal.clientId,
        advice: `Go back and try again in ${refusal.retryAfter} seconds.`,
      };
    case 'client-expired':
      return unknownClient('The registration of this client has expired', refusal.clientId);
    case 'client-disabled':
      return {
        status: 400,
        title: 'This application is switched off',
        happened: 'The operator of this server switched this client off (invalid_client):',
        value: refusal.clientId,
        advice: 'Ask the operator if you need it.',
      };
    case 'redirect-uri-missing':
      return invalid('The application did not say where the answer goes');
    case 'redirect-uri-unregistered':
      return invalid('The address for the answer is not one that this client registered', refusal.redirectUri);
    case 'body-unusable':
      return { ...invalid('The form arrived in a way it was not sent'), status: formStatus(refusal.problem) };
    case 'cross-site':
      return startAgain('The answer to this page came from another page.');
    case 'transaction-unnamed':
      return startAgain('This address belongs to no sign-in.');
    case 'cookie-missing':
      return startAgain('This browser did not begin this sign-in, or its cookies are blocked.');
    case 'transaction-refused':
      return startAgain(faultInWords(refusal.fault));
    case 'decision-unclear':
      return { ...startAgain('It is not clear whether you agreed.'), status: 400 };
    case 'nothing-agreed':
      return {
        status: 400,
        title: 'Nothing is ticked',
        happened: 'You allowed access, but every permission was unticked.',
        advice: 'Go back one page and tick at least one permission, or choose Deny.',
      };
    case 'identity-unavailable':
    case 'store-unavailable':
      return {
        status: 503,
        retryAfter: 2,
        title: 'Not right now',
        happened: 'This server cannot reach something it needs. Nothing was changed.',
        advice: 'Go back and try again in a moment.',
      };
    case 'item-corrupt':
      return startAgain('What this server remembers of this sign-in cannot be read.');
    default:
      return unreachable(refusal);
  }
}

function invalid(happened: string, value?: string): StatusProblem {
  const advice = `${AGAIN} If it happens again: ${TELL.charAt(0).toLowerCase()}${TELL.slice(1)}`;
  return {
    status: 400,
    title: 'This request cannot be used',
    happened: sentence(happened, 'invalid_request', value),
    value,
    advice,
  };
}

function unknownClient(happened: string, value?: string): StatusProblem {
  const advice = 'In the application, remove this server and add it again: it then registers anew.';
  return {
    status: 400,
    title: 'This application is not known here',
    happened: sentence(happened, 'invalid_client', value),
    value,
    advice,
  };
}

/** With the name OAuth has for it, which whoever makes the application will search for. */
function sentence(happened: string, error: string, value: string | undefined): string {
  return `${happened} (${error})${value === undefined ? '.' : ':'}`;
}

function startAgain(happened: string): StatusProblem {
  return { status: 403, title: 'Start again', happened, advice: AGAIN };
}

function formStatus(problem: 'content-type' | 'encoding'): 400 | 415 {
  return problem === 'content-type' ? 415 : 400;
}

/** In words that are true, and the same whether an attacker guessed or a person was slow. */
function faultInWords(fault: TransactionFault): string {
  switch (fault) {
    case 'unknown':
    case 'expired':
      return 'This sign-in took longer than ten minutes and has ended.';
    case 'not-pending':
    case 'not-approved':
      return 'This sign-in was already answered, or not yet agreed to.';
    case 'other-browser':
    case 'other-form':
    case 'other-state':
      return 'This browser did not begin this sign-in.';
    default:
      return unreachable(fault);
  }
}
