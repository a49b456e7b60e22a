import { createHash, randomBytes } from 'node:crypto';
import { databaseUsed } from '../../stack-database.ts';
import type { State } from '../../state.ts';
import type { Assembly, Resource } from '../../template/assembly.ts';
import { isObject, type Json } from '../../template/json.ts';
import { notModelled, placeOf } from '../../template/refusal.ts';
import type { Resolver } from '../../template/resolver.ts';
import { generateSecretString } from './generated-string.ts';

type Secret = {
  readonly arn: string;
  readonly name: string;
  /** The current version, AWSCURRENT. */
  readonly value: string;
  readonly versionId: string;
  /** The customer-managed key it is encrypted with on AWS, when the template names one. */
  readonly keyArn: string | undefined;
};

export type Login = { readonly username: string; readonly password: string };

export type Secrets = {
  /** By ARN or name; undefined when there is no such secret. */
  readonly find: (id: string) => Secret | undefined;
  /** The user of a database secret, `{"username","password"}`; undefined when it is none. */
  readonly login: (id: string) => Login | undefined;
};

/** One secret in the state document "secrets", by ARN. `source` is a hash of what the template says about the value. */
type Kept = { readonly value: string; readonly source: string };

/** The state document with what a person has put into the secrets that the template makes empty, by logical id. */
export const FILLED = 'filled-secrets';

/**
 * The secrets of the template. A value is generated once and kept; a template that says something else about the value
 * brings a new one, as an update of the stack would. Opening them twice gives the same values.
 *
 * @throws Problem for a secret whose value the template does not bring
 */
export function openSecrets(assembly: Assembly, resolver: Resolver, state: State): Secrets {
  const kept = state.read<Record<string, Kept>>('secrets') ?? {};
  const filled = state.read<Record<string, string>>(FILLED) ?? {};
  const next: Record<string, Kept> = { ...kept };
  const secrets: Secret[] = [];
  for (const resource of assembly.ofType('AWS::SecretsManager::Secret')) {
    const arn = resolver.arn(resource);
    const current = currentValue(resource, resolver, kept[arn], filled[resource.id]);
    next[arn] = current;
    const value = withDatabase(current.value, databaseOf(arn, assembly, resolver));
    const versionId = versionOf(arn, value);
    secrets.push({ arn, name: nameOf(arn), value, versionId, keyArn: keyArn(resource, assembly, resolver) });
  }
  const admin = databaseUsed(assembly, resolver)?.adminSecretArn;
  if (admin !== undefined && secrets.every(({ arn }) => arn !== admin)) {
    // Somebody else's cluster: here it is this machine's own, with a master user nobody had to make.
    const login = kept[admin] ?? { source: 'somebody else', value: masterLogin() };
    next[admin] = login;
    const { value } = login;
    secrets.push({ arn: admin, name: nameOf(admin), value, versionId: versionOf(admin, value), keyArn: undefined });
  }
  if (JSON.stringify(next) !== JSON.stringify(kept)) state.write('secrets', next);
  const find = (id: string) => secrets.find(({ arn, name }) => id === arn || id === name);
  return { find, login: (id) => loginOf(find(id)) };
}

function currentValue(
  resource: Resource,
  resolver: Resolver,
  before: Kept | undefined,
  filled: string | undefined,
): Kept {
  const said = (name: string): Json => resolver.resolve(resource.stack, resource.properties[name] ?? null);
  const literal = filled ?? said('SecretString');
  const generated = said('GenerateSecretString');
  if (typeof literal !== 'string' && !isObject(generated)) {
    throw notModelled(placeOf(resource), 'a secret without SecretString or GenerateSecretString');
  }
  const source = hash(JSON.stringify([literal, generated]));
  if (before?.source === source) return before;
  return { source, value: typeof literal === 'string' ? literal : generateSecretString(generated) };
}

/** A SecretTargetAttachment writes the address of the database into the secret; readers of the secret see it. */
function databaseOf(secretArn: string, assembly: Assembly, resolver: Resolver): Readonly<Record<string, Json>> {
  for (const attachment of assembly.ofType('AWS::SecretsManager::SecretTargetAttachment')) {
    if (resolver.ref(attachment) !== secretArn) continue;
    const target = resolver.resolve(attachment.stack, attachment.properties.TargetId ?? null);
    const cluster = assembly.ofType('AWS::RDS::DBCluster').find((each) => resolver.ref(each) === target);
    if (!cluster) throw notModelled(placeOf(attachment), `the target ${String(target)}`);
    const name = resolver.resolve(cluster.stack, cluster.properties.DatabaseName ?? null);
    return {
      engine: 'postgres',
      host: resolver.attribute(cluster, 'Endpoint.Address'),
      port: Number(resolver.attribute(cluster, 'Endpoint.Port')),
      dbClusterIdentifier: String(target),
      ...(typeof name === 'string' ? { dbname: name } : {}),
    };
  }
  return {};
}

function withDatabase(value: string, database: Readonly<Record<string, Json>>): string {
  if (Object.keys(database).length === 0) return value;
  return JSON.stringify({ ...(JSON.parse(value) as object), ...database });
}

function keyArn(resource: Resource, assembly: Assembly, resolver: Resolver): string | undefined {
  const given = resource.properties.KmsKeyId;
  if (given === undefined) return undefined;
  const id = resolver.resolve(resource.stack, given);
  const key = assembly
    .ofType('AWS::KMS::Key')
    .find((each) => [resolver.arn(each), resolver.ref(each)].includes(String(id)));
  if (!key) throw notModelled(placeOf(resource), `the key ${String(id)}, which the template does not have`);
  return resolver.arn(key);
}

function loginOf(secret: Secret | undefined): Login | undefined {
  if (!secret?.value.startsWith('{')) return undefined;
  const { username, password } = JSON.parse(secret.value) as Record<string, unknown>;
  return typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined;
}

function versionOf(arn: string, value: string): string {
  return hash(`${arn} ${value}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function masterLogin(): string {
  return JSON.stringify({ username: 'gatehouse_admin', password: randomBytes(20).toString('hex') });
}

/** The name of a secret is its ARN's last part without the six random characters. */
function nameOf(arn: string): string {
  return (arn.split(':')[6] ?? '').replace(/-[^-]{6}$/, '');
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
