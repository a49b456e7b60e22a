import * as z from 'zod';
import { group, oneOf, truth, words } from './settings-rules.ts';
import { wrong } from './settings-sentences.ts';

/** The setting `identity`: who says who somebody is. */

/** A URL that the discovery document can repeat exactly, as OpenID Connect Discovery 1.0 section 4.3 demands. */
const issuer = z.string(wrong('which is no issuer', 'Write the https URL of your provider')).refine(
  (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const canonical = url?.href === value || url?.href === `${value}/`;
    return canonical && url?.protocol === 'https:' && `${url.username}${url.password}` === '' && !/[?#]/.test(value);
  },
  wrong(
    'which is no issuer',
    'Use the https URL from its discovery document, without user name, query, fragment or default port',
  ),
);

const claim = words('the name of a claim in its ID tokens');
const clientId = words('the client id it gave this application');
const providerName = words('the name people know the provider by')
  .max(60, wrong('which is too long', 'Use 60 characters at most'))
  .optional();

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html, `Name`. */
const secretName = words('a name for the secret that will hold the API key')
  .regex(/^[\w/+=.@-]{1,512}$/, wrong('which is no name of a secret', 'Use letters, digits and /_+=.@-'))
  .optional();

export const identity = z.discriminatedUnion(
  'kind',
  [
    group({
      kind: z.literal('cognito'),
      name: providerName,
      // Without it required, and optional on stage dev.
      mfa: oneOf(['required', 'optional', 'off'], 'rule about a second factor').optional(),
      threatProtection: truth.optional(),
    }),
    group({
      kind: z.literal('workos'),
      name: providerName,
      issuer,
      clientId,
      rolesClaim: claim.default('role'),
      tenantClaim: claim.default('org_id'),
      apiKeySecret: secretName,
    }),
    group({
      kind: z.literal('oidc'),
      name: providerName,
      issuer,
      clientId,
      rolesClaim: claim,
      rolesSeparator: oneOf(['space', 'comma'], 'separator of roles').optional(),
      tenantClaim: claim,
    }),
  ],
  wrong('which is no kind of identity provider', 'Use one of: cognito, workos, oidc'),
);
