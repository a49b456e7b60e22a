import type { AdminDatabase } from '../adapters/data-api-admin.ts';
import type { DatabaseLogin } from '../adapters/secrets.ts';
import type { PublicKey } from '../core/oauth/public-keys.ts';
import type { Random } from '../core/ports.ts';

/** What the deploy-time function reaches. It is the only one with the admin secret. */
export type MigratePorts = {
  readonly database: AdminDatabase;
  /** The logins of the reader and the writer, from their secrets. */
  readonly logins: () => Promise<readonly DatabaseLogin[]>;
  /** The public half of a signing key, by its ARN. */
  readonly publicKey: (keyArn: string) => Promise<PublicKey>;
  /** Whether this stage has sample data. An event may ask for less, and never for more. */
  readonly sampleData: boolean;
  /** The directory of the migration files. */
  readonly migrations: string;
  readonly random: Random;
  readonly log: MigrateLog;
};

export type MigrateLog = {
  info(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
};

/** A reason to stop the deployment that a person can act on. The message goes to CloudFormation as it is. */
export class DeployStopped extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DeployStopped';
  }
}
