import { randomBytes, randomInt } from 'node:crypto';
import { parsePolicy, type Statement } from '../iam/policy.ts';
import type { Caller } from '../iam/principals.ts';
import { collectRoles, type Role } from '../iam/roles.ts';
import type { State } from '../state.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import { ACCOUNT } from '../template/environment.ts';
import { globalArn } from '../template/physical-id.ts';
import { notModelled, placeOf } from '../template/refusal.ts';
import type { Resolver } from '../template/resolver.ts';
import type { KeyPair } from './signature.ts';

/** Somebody with a key, and the policies that are attached to them. */
export type Principal = Caller & {
  readonly identity: readonly Statement[];
  /** As GetCallerIdentity answers. */
  readonly userId: string;
  /** A session of a role, which cannot have been opened with a second factor here; a user has no session. */
  readonly isSession: boolean;
};

/** A key pair together with whose it is. */
type Key = KeyPair & { readonly principal: Principal };

/** What a function gets: the credentials of a session of its role. */
export type SessionKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

export type Credentials = {
  /** The keys of a function, drawn anew for every run. @throws Problem when its role is not in the template */
  readonly forFunction: (resource: Resource) => SessionKeys;
  /** The developer's own pair. It may do one thing: assume a role whose trust policy names the account. */
  readonly developer: KeyPair;
  readonly find: (accessKeyId: string) => Key | undefined;
  /** Opens a session of a role. `expires` is in milliseconds since the epoch. */
  readonly openSession: (role: Role, sessionName: string, expires: number) => Key;
  /** Every role of the template, by ARN. */
  readonly roles: ReadonlyMap<string, Role>;
};

const DEVELOPER = 'developer';

/**
 * The keys of the local account. Every function signs with its own, so that the endpoint knows which role a call is
 * made in; nothing else tells them apart.
 *
 * @param options.state where the developer's pair is kept (document "developer"), so that a profile or another process
 *   can use it in the next run too; without it the pair is drawn anew
 * @throws Problem when a role's policies cannot be evaluated
 */
export function createCredentials(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state?: State;
}): Credentials {
  const { assembly, resolver, state } = options;
  const roles = collectRoles(assembly, resolver);
  const keys = new Map<string, Key>();
  const add = <Added extends Key>(key: Added): Added => {
    keys.set(key.accessKeyId, key);
    return key;
  };

  const kept = state?.read<KeyPair>('developer');
  const developer = kept ?? drawPair('AKIA');
  if (!kept) state?.write('developer', developer);
  add({ ...developer, principal: developerPrincipal() });

  const session = (role: Role, sessionName: string) => {
    const principal: Principal = {
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.name}/${sessionName}`,
      principalArn: role.arn,
      account: ACCOUNT,
      identity: role.identity,
      userId: `AROA${role.name}:${sessionName}`,
      isSession: true,
    };
    return { ...drawPair('ASIA'), sessionToken: randomBytes(96).toString('base64'), principal };
  };

  const ofFunctions = new Map<Resource, SessionKeys>();
  for (const resource of assembly.ofType('AWS::Lambda::Function')) {
    const arn = resolver.resolve(resource.stack, resource.properties.Role ?? null);
    const role = roles.get(String(arn));
    if (!role) throw notModelled(placeOf(resource), `the role ${String(arn)}, which the template does not have`);
    ofFunctions.set(resource, add(session(role, resolver.ref(resource))));
  }

  return {
    forFunction: (resource) => {
      const found = ofFunctions.get(resource);
      if (!found) throw notModelled(placeOf(resource), 'credentials for what is no function of this assembly');
      const { accessKeyId, secretAccessKey, sessionToken } = found;
      return { accessKeyId, secretAccessKey, sessionToken };
    },
    developer,
    find: (accessKeyId) => keys.get(accessKeyId),
    openSession: (role, sessionName, expires) => add({ ...session(role, sessionName), expires }),
    roles,
  };
}

function developerPrincipal(): Principal {
  const arn = globalArn('iam', `user/${DEVELOPER}`);
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
  };
  return {
    arn,
    principalArn: arn,
    account: ACCOUNT,
    identity: parsePolicy(document, 'identity', 'the developer'),
    userId: 'AIDALOCALDEVELOPER',
    isSession: false,
  };
}

function drawPair(prefix: 'AKIA' | 'ASIA'): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const letters = Array.from({ length: 16 }, () => alphabet[randomInt(alphabet.length)]);
  return { accessKeyId: `${prefix}${letters.join('')}`, secretAccessKey: randomBytes(30).toString('base64') };
}
