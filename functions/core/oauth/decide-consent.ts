import type { Random, Seconds } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import { digest } from './digest.ts';
import type { BrowserRefusal, TransactionFault } from './errors.ts';
import { parseTransactionId, type TransactionId } from './identifiers.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { allOf, onceEach, type Parameters } from './parameters.ts';
import type { ConsentProof, Transactions } from './store.ts';
import { browserCookie, drawUpstreamLeg, type Transaction } from './transaction.ts';
import { ownWrite, transactionRefusal } from './transaction-outcome.ts';

/**
 * POST /consent. The person's decision counts only from the browser that was shown the page (cookie) and from that page
 * (form field), once, in time; the one conditional write says all of it. Only an approval brings the identity provider
 * into play, and only then does its `state` exist: set earlier, it would let the provider's answer stand in for consent.
 */
export type ConsentPorts = {
  readonly now: Seconds;
  readonly random: Random;
  readonly transactions: Pick<Transactions, 'approve' | 'deny'>;
  readonly identity: Pick<IdentityProvider, 'authorizationUrl'>;
};

export type Decision =
  | { readonly decision: 'deny'; readonly transaction: Transaction }
  | {
      readonly decision: 'approve';
      readonly transaction: Transaction;
      /** Where the browser goes to sign in. */
      readonly location: string;
      /** For the browser's cookie: what it must come back with. */
      readonly returnSecret: string;
    };

export async function decideConsent(
  ports: ConsentPorts,
  form: Parameters,
  cookie: (name: string) => string | undefined,
): Promise<Result<Decision, BrowserRefusal>> {
  const read = readForm(form);
  if (!read.ok) return read;
  const { id, csrf, decision, agreed } = read.value;
  const browser = cookie(browserCookie(id));
  if (browser === undefined) return refuse({ reason: 'cookie-missing', cookie: 'txn' });
  const proof: ConsentProof = { now: ports.now, browser: digest(browser), csrf: digest(csrf) };

  if (decision === 'deny') {
    const denied = ownWrite(await ports.transactions.deny(id, proof), (found) => isOurs(found, proof, 'denied'));
    if (denied.ok) return ok({ decision, transaction: denied.value });
    return refuse(transactionRefusal(denied.error, (found) => pendingFault(found, proof)));
  }

  if (agreed.length === 0) return refuse({ reason: 'nothing-agreed' });
  const leg = drawUpstreamLeg(id, ports.random);
  // Before the write: if the provider cannot be reached, the page's button still works when it can.
  const { nonce, verifier } = leg.upstream;
  const location = await ports.identity.authorizationUrl({ state: leg.state, nonce, verifier });
  if (!location.ok) return location;
  const written = await ports.transactions.approve(id, proof, { upstream: leg.upstream, agreed });
  const approved = ownWrite(written, (found) => found.upstream?.state === leg.upstream.state);
  if (!approved.ok) return refuse(transactionRefusal(approved.error, (found) => pendingFault(found, proof)));
  return ok({ decision, transaction: approved.value, location: location.value, returnSecret: leg.secret });
}

type ConsentForm = {
  readonly id: TransactionId;
  readonly csrf: string;
  readonly decision: 'approve' | 'deny';
  readonly agreed: readonly string[];
};

/** Only exactly one `approve` grants and only exactly one `deny` denies. A scope list is bounded by the form's size. */
function readForm(form: Parameters): Result<ConsentForm, BrowserRefusal> {
  const values = onceEach(form, ['transaction', 'csrf', 'decision']);
  if (!values.ok) return values;
  const { transaction, csrf = '', decision } = values.value;
  const id = parseTransactionId(transaction ?? '');
  if (id === undefined) return refuse({ reason: 'transaction-unnamed' });
  if (decision !== 'approve' && decision !== 'deny') return refuse({ reason: 'decision-unclear' });
  return ok({ id, csrf, decision, agreed: [...new Set(allOf(form, 'scope'))] });
}

/** Saying no twice, from the same page, is saying no. */
function isOurs(found: Transaction, proof: ConsentProof, status: Transaction['status']): boolean {
  return found.status === status && found.browser === proof.browser && found.csrf === proof.csrf;
}

function pendingFault(found: Transaction | undefined, proof: ConsentProof): TransactionFault {
  if (found === undefined) return 'unknown';
  if (found.expires <= proof.now) return 'expired';
  if (found.status !== 'pending') return 'not-pending';
  return found.browser === proof.browser ? 'other-form' : 'other-browser';
}
