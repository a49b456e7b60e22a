import { randomBytes } from 'node:crypto';
import { FILLED } from '../aws/secretsmanager/secrets.ts';
import type { State } from '../state.ts';
import type { Assembly } from '../template/assembly.ts';
import { isObject, type JsonObject, member } from '../template/json.ts';
import { type Shape, shapeOf } from './shapes.ts';

/** The identity provider that the template's authorize function expects, standing on this machine. */
export type StackIdentity = {
  readonly issuer: string;
  /** What that provider knows the stack by. */
  readonly client: { readonly id: string; readonly secret: string };
  /** The key of its API; WorkOS only. */
  readonly apiKey: string | undefined;
  readonly shape: Shape;
  /** Variables of the function that name the real provider. */
  readonly replaced: Readonly<Record<string, string>>;
};

type Kept = { readonly id: string; readonly secret: string; readonly apiKey?: string };

/**
 * The provider is shaped after the settings, so a developer sees the claims of their own one, and its issuer has the same
 * path. What a person would have put into secrets is put there; it is kept, so that a restart needs no new ones.
 */
export function identityOfStack(assembly: Assembly, port: number, state: State): StackIdentity {
  const variables = variablesOf(assembly);
  const said = (name: string) => {
    const value = variables[name];
    return typeof value === 'string' ? value : '';
  };
  const kept = state.read<Kept>('identity-client');
  const { id, secret, apiKey } = {
    ...(kept ?? { id: 'gatehouse-local', secret: randomBytes(32).toString('base64url') }),
    apiKey: kept?.apiKey ?? `sk_local_${randomBytes(24).toString('base64url')}`,
  };
  if (kept?.apiKey === undefined) state.write('identity-client', { id, secret, apiKey });
  state.write(FILLED, { IdentitySecret: secret, WorkosApiKey: apiKey });

  const kind = said('IDENTITY_KIND');
  const origin = `http://localhost:${port}`;
  const path = URL.canParse(said('IDENTITY_ISSUER')) ? new URL(said('IDENTITY_ISSUER')).pathname : '/';
  const issuer = `${origin}${path.replace(/\/$/, '')}`;
  return {
    issuer,
    client: { id, secret },
    apiKey: kind === 'workos' ? apiKey : undefined,
    shape: shapeOf({
      kind,
      rolesClaim: said('IDENTITY_ROLES_CLAIM'),
      rolesSeparator: said('IDENTITY_ROLES_SEPARATOR'),
      tenantClaim: said('IDENTITY_TENANT_CLAIM'),
    }),
    replaced: { IDENTITY_ISSUER: issuer, IDENTITY_CLIENT_ID: id, WORKOS_API_URL: origin },
  };
}

/** The variables of the one function that knows an identity provider; none in a template without it. */
function variablesOf(assembly: Assembly): JsonObject {
  const all = assembly.ofType('AWS::Lambda::Function').map(({ properties }) => {
    const variables = member(properties.Environment, 'Variables');
    return isObject(variables) ? variables : {};
  });
  return all.find((variables) => Object.hasOwn(variables, 'IDENTITY_KIND')) ?? {};
}
