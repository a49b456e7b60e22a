import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';

/** The text of a secret by its ARN. */
export type ReadSecret = (arn: string) => Promise<string>;

/** A database login, as RDS and the stack's secrets write it. */
export type DatabaseLogin = { readonly username: string; readonly password: string };

/**
 * Reads secrets from Secrets Manager, each once per environment: a value that was rotated is picked up by the next cold
 * start. A read that failed is not remembered.
 */
export function createSecretReader(client: SecretsManagerClient): ReadSecret {
  const known = new Map<string, Promise<string>>();
  const read = async (arn: string): Promise<string> => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (SecretString === undefined || SecretString === '') throw new Error(`the secret ${arn} has no text`);
    return SecretString;
  };
  return (arn) => {
    const pending = known.get(arn) ?? read(arn);
    known.set(arn, pending);
    pending.catch(() => known.delete(arn));
    return pending;
  };
}

const login = z.object({ username: z.string().check(z.minLength(1)), password: z.string().check(z.minLength(1)) });

/**
 * The login in a secret's text, `{"username":"…","password":"…"}`.
 *
 * @throws Error naming the secret, never quoting it.
 */
export async function readLogin(readSecret: ReadSecret, arn: string): Promise<DatabaseLogin> {
  const text = await readSecret(arn);
  try {
    return z.parse(login, JSON.parse(text));
  } catch {
    // The cause would quote the secret.
    throw new Error(`the secret ${arn} is no JSON object with username and password`);
  }
}
