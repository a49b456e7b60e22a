import type { Person } from './people.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** What a kind of provider does its own way, as far as this server can notice. */
export type Shape = {
  /** Paths below the issuer. */
  readonly routes: Readonly<Record<'authorization' | 'token' | 'userinfo' | 'jwks', string>>;
  /** The members of the discovery document; all that there are when absent. */
  readonly discovery?: readonly string[];
  /** Whether answers carry `iss` (RFC 9207). */
  readonly issInResponse: boolean;
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA';
  /** How the client may show its secret. */
  readonly authMethods: readonly ('client_secret_basic' | 'client_secret_post')[];
  /** A person's claims in the ID token, by the scope that brings them. */
  readonly claimsOf: (person: Person) => Readonly<Record<'openid' | 'profile' | 'email', Claims>>;
  /** Claims of the access token, where that is a JWT that clients may read; opaque when absent. */
  readonly accessTokenOf?: (person: Person) => Claims;
};

/** The identity settings, as far as they decide what a provider has to look like. */
export type Preset = {
  readonly kind: string;
  readonly rolesClaim: string;
  readonly rolesSeparator: string;
  readonly tenantClaim: string;
};

const REQUIRED = ['issuer', 'authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'];
const SUPPORTED = ['id_token_signing_alg_values_supported', 'response_types_supported', 'subject_types_supported'];

/** The shape of the provider that the settings name. */
export function shapeOf(preset: Preset): Shape {
  if (preset.kind === 'workos') return workos();
  return preset.kind === 'oidc' ? anyProvider(preset) : cognito();
}

/**
 * A user pool: groups and attributes in the ID token, https://docs.aws.amazon.com/cognito/latest/developerguide/
 * amazon-cognito-user-pools-using-the-id-token.html. Its discovery document names neither PKCE nor `iss`, which it does
 * with and without. Its issuer and its endpoints are two hosts; here they are one.
 */
function cognito(): Shape {
  return {
    routes: { authorization: '/oauth2/authorize', token: '/oauth2/token', userinfo: '/oauth2/userInfo', jwks: '/jwks' },
    discovery: [...REQUIRED, ...SUPPORTED, 'scopes_supported', 'token_endpoint_auth_methods_supported'],
    issInResponse: false,
    algorithm: 'RS256',
    authMethods: ['client_secret_basic', 'client_secret_post'],
    claimsOf: (person) => ({
      openid: {
        'cognito:username': person.login,
        token_use: 'id',
        ...(person.roles.length === 0 ? {} : { 'cognito:groups': person.roles }),
        ...(person.tenant === undefined ? {} : { 'custom:tenant': person.tenant }),
      },
      profile: { name: person.name },
      email: emailOf(person),
    }),
  };
}

/**
 * A Connect OAuth application on an AuthKit domain. Its discovery document names no method for the client's secret,
 * which goes into the body all the same; the ID token says who somebody is, the access token also in which organisation,
 * and neither the role (https://workos.com/docs/reference/workos-connect/token and …/metadata/openid-configuration).
 */
function workos(): Shape {
  return {
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      userinfo: '/oauth2/userinfo',
      jwks: '/oauth2/jwks',
    },
    discovery: [...REQUIRED, ...SUPPORTED, 'grant_types_supported', 'introspection_endpoint'],
    issInResponse: false,
    algorithm: 'RS256',
    authMethods: ['client_secret_post'],
    claimsOf: (person) => ({ openid: {}, profile: { name: person.name }, email: emailOf(person) }),
    accessTokenOf: ({ tenant }) => (tenant === undefined ? {} : { org_id: tenant }),
  };
}

/** Any other: claims where the settings look for them. */
function anyProvider({ rolesClaim, rolesSeparator, tenantClaim }: Preset): Shape {
  const joined = { space: ' ', comma: ',' }[rolesSeparator];
  return {
    routes: { authorization: '/authorize', token: '/token', userinfo: '/userinfo', jwks: '/jwks' },
    issInResponse: true,
    algorithm: 'RS256',
    authMethods: ['client_secret_basic'],
    claimsOf: ({ name, roles, tenant, ...person }) => {
      const rolesValue = joined === undefined ? roles : roles.join(joined);
      const withRoles = roles.length === 0 ? {} : put({}, rolesClaim, rolesValue);
      const openid = tenant === undefined ? withRoles : put(withRoles, tenantClaim, tenant);
      return { openid, profile: { name }, email: emailOf(person) };
    },
  };
}

/** A claim named as a URL is one name; the dots of any other lead into groups. */
function put(claims: Claims, name: string, value: unknown): Claims {
  const dot = name.includes('://') ? -1 : name.indexOf('.');
  if (dot < 0) return { ...claims, [name]: value };
  const group = name.slice(0, dot);
  const inside = claims[group];
  const before = typeof inside === 'object' && inside !== null ? (inside as Claims) : {};
  return { ...claims, [group]: put(before, name.slice(dot + 1), value) };
}

function emailOf({ login }: Pick<Person, 'login'>): Claims {
  return { email: `${login}@example.com`, email_verified: true };
}
