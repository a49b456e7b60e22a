import type { Clock } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Client } from './client.ts';
import { type ClientMetadata, clientIdOf, readClientMetadata } from './client-metadata.ts';
import type { RegistrationRefusal } from './errors.ts';
import type { InitialAccessToken } from './initial-access-token.ts';
import { CLIENT_UNUSED } from './lifetimes.ts';
import type { Preset } from './presets/preset.ts';
import { checkRedirectUri, fitsTemplate } from './redirect-uri.ts';
import { intersection, OFFLINE_ACCESS } from './scope.ts';
import type { Registry } from './store.ts';

/**
 * POST /register (RFC 7591). Anonymous only for the clients an operator vetted: every redirect URI must be one that a
 * vetted client uses, so whoever registers under somebody else's name gets codes sent to that somebody. With an
 * invitation, any redirect URI that can be registered at all; a custom scheme still only as a vetted client's, because
 * any application on a computer can claim one.
 */
export type RegistrationPorts = {
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'admit'>;
  readonly vetted: readonly Preset[];
  /** Every scope there is. */
  readonly catalogue: readonly string[];
};

export type Registration = {
  readonly client: Client;
  readonly metadata: ClientMetadata;
  readonly outcome: 'added' | 'kept';
};

export async function registerClient(
  ports: RegistrationPorts,
  body: Readonly<Record<string, unknown>>,
  invitation?: Pick<InitialAccessToken, 'ceiling'>,
): Promise<Result<Registration, RegistrationRefusal>> {
  const metadata = readWithin(invitation?.ceiling, body, ports.catalogue);
  if (!metadata.ok) return metadata;
  const vettedAs = vet(metadata.value.redirectUris, ports.vetted, invitation !== undefined);
  if (!vettedAs.ok) return vettedAs;

  const now = ports.clock.seconds();
  const client = clientOf(metadata.value, vettedAs.value, now + CLIENT_UNUSED);
  const outcome = await ports.registry.admit(client, now);
  return outcome.ok ? ok({ client, metadata: metadata.value, outcome: outcome.value }) : outcome;
}

/**
 * The metadata, its scope within the invitation's. A client that names none of them gets them all, by name: what is
 * registered is what its id is a digest of, so two invitations never share a client that one of them may not have.
 */
function readWithin(
  ceiling: readonly string[] | undefined,
  body: Readonly<Record<string, unknown>>,
  catalogue: readonly string[],
): Result<ClientMetadata, RegistrationRefusal> {
  if (ceiling === undefined) return readClientMetadata(body, catalogue);
  const reach = intersection(ceiling, catalogue);
  if (reach.length === 0) return refuse({ reason: 'scope-beyond-reach', requested: ceiling, reach: catalogue });
  const metadata = readClientMetadata(body, reach);
  if (!metadata.ok) return metadata;
  const { scope = [] } = metadata.value;
  const named = scope.some((name) => name !== OFFLINE_ACCESS);
  return named ? metadata : ok({ ...metadata.value, scope: [...scope, ...reach] });
}

/**
 * Which vetted clients use these redirect URIs; refused when one of them is used by none and nobody invited it. Never a
 * shorter list.
 */
function vet(
  redirectUris: readonly string[],
  vetted: readonly Preset[],
  invited: boolean,
): Result<readonly string[], RegistrationRefusal> {
  const templates = vetted.flatMap(({ name, redirectUris: known }) => known.map((template) => ({ name, template })));
  const customSchemes = new Set(templates.map(({ template }) => template).filter((uri) => !/^https?:/.test(uri)));
  const names = new Set<string>();
  for (const redirectUri of redirectUris) {
    const usable = checkRedirectUri(redirectUri, customSchemes);
    if (!usable.ok) return usable;
    const owners = templates.filter(({ template }) => fitsTemplate(template, redirectUri));
    if (owners.length === 0 && !invited) return refuse({ reason: 'redirect-uri-not-vetted', redirectUri });
    for (const { name } of owners) names.add(name);
  }
  return ok([...names].sort());
}

function clientOf(metadata: ClientMetadata, vettedAs: readonly string[], expires: number): Client {
  const scopes = metadata.scope?.filter((scope) => scope !== OFFLINE_ACCESS) ?? [];
  return {
    id: clientIdOf(metadata),
    source: 'dcr',
    status: 'on',
    name: metadata.name,
    redirectUris: metadata.redirectUris,
    authentication: 'none',
    grantTypes: metadata.grantTypes,
    ceiling: scopes.length > 0 ? scopes : undefined,
    vettedAs,
    expires,
  };
}
