import { DOMAIN, EDGE } from './edge.ts';
import { PRODUCTION } from './synthesized.ts';

/**
 * Settings that between them have every kind of identity, database and edge, on a stage that keeps its data and on one
 * that does not: what holds for each of these holds for what people deploy.
 */
const WORKOS = { kind: 'workos', issuer: 'https://acme.authkit.app', clientId: 'client_1' };
const OIDC = {
  kind: 'oidc',
  issuer: 'https://login.example.com/realms/acme',
  clientId: 'gatehouse',
  rolesClaim: 'realm_access.roles',
  tenantClaim: 'organization.id',
};
const EXISTING = {
  kind: 'existing',
  clusterArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:shared',
  name: 'desk',
  adminSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse/admin-AbCdEf',
};
const NONE = { 'gatehouse.database': { kind: 'none' }, 'gatehouse.sampleData': false };
/** The web ACL is made, and a domain leads to the API. */
const FIREWALL = { 'gatehouse.domain': DOMAIN, 'gatehouse.edge': { kind: 'firewall' } };
/** Second keys: a rotation under way. */
const ROTATING = { 'gatehouse.tokenKeys': [2, 1], 'gatehouse.audit': { signingKey: 2 } };
const BY_PIPELINE = { 'gatehouse.pipeline': { repository: 'acme/gatehouse', environments: ['prod'] } };
const TOLD = { 'gatehouse.alarms': { email: 'operations@example.com', monthlyBudgetUsd: 100 } };

export const COMBINATIONS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'dev, cognito, aurora, no edge': {},
  'prod, cognito, aurora, cloudfront, alarms by e-mail': { ...PRODUCTION, ...EDGE, ...TOLD },
  'prod, cognito with threat protection, no database, invitations, no alarms': {
    ...PRODUCTION,
    ...NONE,
    'gatehouse.alarms': { enabled: false },
    'gatehouse.identity': { kind: 'cognito', threatProtection: true },
    'gatehouse.registration.dcr': 'token',
  },
  'prod, workos, existing, no edge': { ...PRODUCTION, 'gatehouse.identity': WORKOS, 'gatehouse.database': EXISTING },
  'dev, workos, no database, cloudfront': { ...EDGE, ...NONE, 'gatehouse.identity': WORKOS },
  'prod, oidc, aurora, web ACL only, second keys, by pipeline': {
    ...PRODUCTION,
    ...FIREWALL,
    ...ROTATING,
    ...BY_PIPELINE,
    'gatehouse.identity': OIDC,
  },
  'dev, oidc, existing, cloudfront': {
    ...EDGE,
    'gatehouse.identity': OIDC,
    'gatehouse.database': EXISTING,
    'gatehouse.sampleData': false,
  },
};
