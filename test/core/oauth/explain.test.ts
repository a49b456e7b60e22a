import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../../functions/core/oauth/errors.ts';
import { evidence, explain } from '../../../functions/core/oauth/explain.ts';

/** What the log says of a refusal: enough to know what happened, on one line, whatever text came from outside. */
const clientId = 'the-client';
const grantId = 'the-grant';
const subject = 'the-person';
const detail = 'the-detail';
const fault = 'syntax';

/** One refusal of every reason there is: a new one does not compile until it stands here. */
const REFUSALS: { readonly [Reason in Refusal['reason']]: Extract<Refusal, { readonly reason: Reason }> } = {
  'registration-off': { reason: 'registration-off' },
  'initial-access-missing': { reason: 'initial-access-missing' },
  'initial-access-refused': { reason: 'initial-access-refused', fault: 'wrong', tokenId: 'the-invitation' },
  'metadata-not-json': { reason: 'metadata-not-json', problem: 'not-an-object' },
  'metadata-unusable': { reason: 'metadata-unusable', member: 'the-member', problem: 'the-problem' },
  'redirect-uris-unusable': { reason: 'redirect-uris-unusable', problem: 'the-problem' },
  'redirect-uri-unusable': { reason: 'redirect-uri-unusable', redirectUri: 'the-uri', fault: 'wildcard' },
  'redirect-uri-not-vetted': { reason: 'redirect-uri-not-vetted', redirectUri: 'the-uri' },
  'software-statement': { reason: 'software-statement' },
  'request-too-large': { reason: 'request-too-large', size: 70_001, parameters: 123 },
  'client-missing': { reason: 'client-missing' },
  'client-id-unusable': { reason: 'client-id-unusable' },
  'client-unknown': { reason: 'client-unknown', clientId },
  'document-not-admitted': { reason: 'document-not-admitted', clientId },
  'document-unusable': { reason: 'document-unusable', clientId, detail },
  'document-not-fetched': { reason: 'document-not-fetched', clientId, retryAfter: 42 },
  'client-disabled': { reason: 'client-disabled', clientId },
  'client-expired': { reason: 'client-expired', clientId, expires: 1_000, now: 1_042 },
  'redirect-uri-missing': { reason: 'redirect-uri-missing' },
  'redirect-uri-unregistered': { reason: 'redirect-uri-unregistered', redirectUri: 'the-uri', clientId },
  'repeated-parameter': { reason: 'repeated-parameter', parameter: 'the-parameter' },
  'parameter-missing': { reason: 'parameter-missing', parameter: 'the-parameter' },
  'parameters-in-query': { reason: 'parameters-in-query' },
  'body-unusable': { reason: 'body-unusable', problem: 'encoding' },
  'state-too-long': { reason: 'state-too-long', length: 70_001 },
  'response-type-unsupported': { reason: 'response-type-unsupported', responseType: 'the-type' },
  'request-object': { reason: 'request-object', parameter: 'request_uri' },
  'response-mode-unsupported': { reason: 'response-mode-unsupported', responseMode: 'the-mode' },
  'interaction-forbidden': { reason: 'interaction-forbidden' },
  'challenge-method-unsupported': { reason: 'challenge-method-unsupported', method: 'the-method' },
  'challenge-malformed': { reason: 'challenge-malformed', length: 70_001 },
  'resource-repeated': { reason: 'resource-repeated', count: 70_001 },
  'resource-unknown': { reason: 'resource-unknown', requested: 'the-other', expected: 'the-resource' },
  'resource-not-granted': { reason: 'resource-not-granted', grantId, granted: 'the-other' },
  'scope-malformed': { reason: 'scope-malformed', fault },
  'scope-beyond-reach': { reason: 'scope-beyond-reach', requested: ['much', 'more'], reach: [] },
  'cross-site': { reason: 'cross-site', origin: 'the-origin', site: 'the-site' },
  'transaction-unnamed': { reason: 'transaction-unnamed' },
  'cookie-missing': { reason: 'cookie-missing', cookie: 'the-cookie' },
  'transaction-refused': { reason: 'transaction-refused', fault: 'other-form' },
  'decision-unclear': { reason: 'decision-unclear' },
  'nothing-agreed': { reason: 'nothing-agreed' },
  'consent-denied': { reason: 'consent-denied' },
  'sign-in-refused': { reason: 'sign-in-refused', error: 'the-error' },
  'identity-refused': { reason: 'identity-refused', detail },
  'identity-unavailable': { reason: 'identity-unavailable', detail },
  'no-role': { reason: 'no-role', subject, roles: ['one', 'two'] },
  'no-tenant': { reason: 'no-tenant', subject },
  'nothing-granted': { reason: 'nothing-granted', subject, agreed: ['one', 'two'] },
  'grant-type-unsupported': { reason: 'grant-type-unsupported', grantType: 'the-type' },
  'grant-type-not-registered': { reason: 'grant-type-not-registered', clientId, grantType: 'the-type' },
  'methods-mixed': { reason: 'methods-mixed' },
  'secret-unexpected': { reason: 'secret-unexpected', method: 'body' },
  'assertion-missing': { reason: 'assertion-missing', clientId },
  'assertion-refused': { reason: 'assertion-refused', clientId, fault: 'audience' },
  'token-malformed': { reason: 'token-malformed' },
  'grant-unknown': { reason: 'grant-unknown', grantId },
  'grant-of-another-client': { reason: 'grant-of-another-client', grantId, clientId },
  'code-wrong': { reason: 'code-wrong', grantId },
  'code-expired': { reason: 'code-expired', grantId, expires: 1_000, now: 1_042 },
  'code-replayed': { reason: 'code-replayed', grantId },
  'redirect-uri-differs': { reason: 'redirect-uri-differs', grantId },
  'verifier-wrong': { reason: 'verifier-wrong', grantId },
  'grant-revoked': { reason: 'grant-revoked', grantId },
  'family-wrong': { reason: 'family-wrong', grantId },
  'refresh-token-reused': { reason: 'refresh-token-reused', grantId, generation: 70_001 },
  'family-expired': { reason: 'family-expired', grantId, end: 'idle' },
  'successor-unreadable': { reason: 'successor-unreadable', grantId },
  'access-token-presented': { reason: 'access-token-presented' },
  'too-many-requests': { reason: 'too-many-requests', clientId, retryAfter: 70_001 },
  'signing-unavailable': { reason: 'signing-unavailable', detail },
  'item-corrupt': { reason: 'item-corrupt', item: 'grant', id: grantId, detail },
  'store-unavailable': { reason: 'store-unavailable', operation: 'the-operation', detail },
};
const all = Object.values(REFUSALS);

/** Told by their ids, which are fields of the same log line; these sentences say only what happened. */
const SAYS_NO_ID = ['resource-not-granted', 'redirect-uri-differs', 'verifier-wrong', 'code-expired', 'family-expired'];

describe('the sentence for the log', () => {
  test('is another for every reason', () => {
    const sentences = all.map(explain);
    expect(new Set(sentences).size).toBe(all.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^(?!.*(?:undefined|NaN)).{9,}$/);
  });

  test.each(all)('of $reason has the values in it', (refusal) => {
    const { reason, ...values } = refusal;
    const sentence = explain(refusal);
    for (const [name, value] of Object.entries(values)) {
      if (['grantId', 'clientId'].includes(name) && SAYS_NO_ID.includes(reason)) continue;
      if (name === 'expires' || name === 'now') continue;
      expect(sentence).toContain([value].flat().join(' '));
    }
    if ('now' in values) expect(sentence).toContain(' 42 s');
  });

  test('says what is absent', () => {
    for (const refusal of [
      { reason: 'initial-access-refused', fault: 'malformed', tokenId: undefined },
      { reason: 'challenge-method-unsupported', method: undefined },
      { reason: 'cross-site', origin: undefined, site: undefined },
      { reason: 'no-role', subject, roles: [] },
    ] satisfies readonly Refusal[]) {
      expect(explain(refusal)).not.toMatch(/undefined| {2}| [,)]| $/);
    }
    expect(explain({ reason: 'challenge-method-unsupported', method: undefined })).toContain('plain');
    expect(explain({ reason: 'interaction-forbidden' })).toContain('prompt');
    expect(explain({ reason: 'no-role', subject, roles: [] })).toContain('nothing');
  });

  test('stays on one line of printable ASCII, whatever a request brings', () => {
    const hostile = `https://a.example/\r\nlevel=info user=root \u001b[2J \u202e ~${'x'.repeat(10_000)}`;
    for (const refusal of [
      { reason: 'redirect-uri-unusable', redirectUri: hostile, fault: 'too-long' },
      { reason: 'redirect-uri-not-vetted', redirectUri: hostile },
      { reason: 'redirect-uri-unregistered', redirectUri: hostile, clientId },
      { reason: 'document-not-admitted', clientId: hostile },
      { reason: 'document-unusable', clientId: hostile, detail: hostile },
      { reason: 'assertion-refused', clientId: hostile, fault: 'type' },
      { reason: 'response-type-unsupported', responseType: hostile },
      { reason: 'response-mode-unsupported', responseMode: hostile },
      { reason: 'challenge-method-unsupported', method: hostile },
      { reason: 'resource-unknown', requested: hostile, expected: 'https://mcp.example/mcp' },
      { reason: 'scope-beyond-reach', requested: [hostile], reach: [hostile] },
      { reason: 'cross-site', origin: hostile, site: hostile },
      { reason: 'identity-refused', detail: hostile },
      { reason: 'no-role', subject, roles: [hostile] },
      { reason: 'grant-type-unsupported', grantType: hostile },
      { reason: 'store-unavailable', operation: 'find', detail: hostile },
    ] satisfies readonly Refusal[]) {
      expect(explain(refusal)).toMatch(/^[\x20-\x7e…]{20,400}$/);
    }
  });

  test('leaves text alone that fits, and says where it was cut', () => {
    const at = (length: number) => explain({ reason: 'redirect-uri-not-vetted', redirectUri: '~'.repeat(length) });
    expect(at(120)).toContain('~'.repeat(120));
    expect(at(120)).not.toContain('…');
    expect(at(121)).toContain(`${'~'.repeat(120)}…`);
    expect(explain({ reason: 'redirect-uri-not-vetted', redirectUri: 'a b~' })).toContain('a b~');
    expect(explain({ reason: 'redirect-uri-not-vetted', redirectUri: 'a\nb\u202ec' })).toContain('a?b?c');
  });
});

test('the fields of the log line are the reason and the ids, under the names an operator searches for', () => {
  for (const refusal of all) {
    expect(evidence(refusal)).toEqual({
      reason: refusal.reason,
      ...('clientId' in refusal && { client_id: clientId }),
      ...('grantId' in refusal && { grant_id: grantId }),
      ...('subject' in refusal && { subject }),
    });
  }
});
