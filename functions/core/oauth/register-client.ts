import type { Clock } from '../ports.ts';
import { ok, type Result, refuse } from '../result.ts';
import type { Client } from './client.ts';
import { type ClientMetadata, clientIdOf, readClientMetadata } from './client-metadata.ts';
import type { RegistrationRefusal } from './errors.ts';
import type { ClientId } from './identifiers.ts';
import type { InitialAccessRefusal, InitialAccessToken } from './initial-access-token.ts';
import { CLIENT_UNUSED } from './lifetimes.ts';
import type { Preset } from './presets/preset.ts';
import type { RecordEvent } from './recorded.ts';
import { checkRedirectUri, fitsTemplate } from './redirect-uri.ts';
import { intersection, OFFLINE_ACCESS } from './scope.ts';
import type { Registry, StoreUnavailable } from './store.ts';

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
  readonly record: RecordEvent;
};

export type Registration = {
  readonly client: Client;
  readonly metadata: ClientMetadata;
  readonly outcome: 'added' | 'kept';
};

/** An invitation that was checked: what comes with it, and how a client takes one of its uses. */
export type Invitation = Pick<InitialAccessToken, 'ceiling'> & {
  /** What it is called on record. */
  readonly id?: string;
  readonly use: (clientId: ClientId) => Promise<Result<void, InitialAccessRefusal | StoreUnavailable>>;
};

export async function registerClient(
  ports: RegistrationPorts,
  body: Readonly<Record<string, unknown>>,
  invitation?: Invitation,
): Promise<Result<Registration, RegistrationRefusal>> {
  const { catalogue } = ports;
  const requested = invitation?.ceiling ?? catalogue;
  const ceiling = invitation?.ceiling && intersection(requested, catalogue);
  if (ceiling?.length === 0) return refuse({ reason: 'scope-beyond-reach', requested, reach: catalogue });
  const metadata = readWithin(ceiling, body, catalogue);
  if (!metadata.ok) return metadata;
  const vettedAs = vet(metadata.value.redirectUris, ports.vetted, invitation !== undefined);
  if (!vettedAs.ok) return vettedAs;

  const now = ports.clock.seconds();
  const client = clientOf(metadata.value, ceiling, vettedAs.value, now + CLIENT_UNUSED);
  const invited = await invitation?.use(client.id);
  if (invited?.ok === false) return invited;
  const recorded = await ports.record({
    kind: 'registration',
    clientId: client.id,
    scopes: client.ceiling ?? [],
    decision: 'allowed',
    reason: invitation === undefined ? 'vetted' : 'invited',
    about: invitation?.id,
  });
  if (!recorded.ok) return recorded;
  const outcome = await ports.registry.admit(client, now);
  return outcome.ok ? ok({ client, metadata: metadata.value, outcome: outcome.value }) : outcome;
}

/** The metadata, its scope within the invitation's. A client that names none of them is told them all. */
function readWithin(
  ceiling: readonly string[] | undefined,
  body: Readonly<Record<string, unknown>>,
  catalogue: readonly string[],
): Result<ClientMetadata, RegistrationRefusal> {
  if (ceiling === undefined) return readClientMetadata(body, catalogue);
  const metadata = readClientMetadata(body, ceiling);
  if (!metadata.ok) return metadata;
  const { scope = [] } = metadata.value;
  const named = scope.some((name) => name !== OFFLINE_ACCESS);
  return named ? metadata : ok({ ...metadata.value, scope: [...scope, ...ceiling] });
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

/**
 * The client's ceiling is that of whatever admitted it, and not the scope it registers with: an MCP client registers once,
 * with the scopes of its first challenge, and asks for more when a tool needs more (MCP 2026-07-28, step-up). What it names
 * is answered, and is within the ceiling.
 */
function clientOf(
  metadata: ClientMetadata,
  ceiling: readonly string[] | undefined,
  vettedAs: readonly string[],
  expires: number,
): Client {
  return {
    id: clientIdOf(metadata, ceiling),
    source: 'dcr',
    status: 'on',
    name: metadata.name,
    redirectUris: metadata.redirectUris,
    authentication: 'none',
    grantTypes: metadata.grantTypes,
    ceiling,
    vettedAs,
    expires,
  };
}
