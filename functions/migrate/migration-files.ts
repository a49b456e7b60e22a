import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One numbered file. Its version is its name without `.sql`; versions are applied in the order of their names. */
export type Migration = {
  readonly version: string;
  /** Sample data, loaded only where it is asked for. */
  readonly sample: boolean;
  /** SHA-256 of the text. A file that was applied must never change: write another. */
  readonly checksum: string;
  readonly statements: readonly string[];
};

const NAME = /^(sample-)?\d{4}-[a-z0-9-]+\.sql$/;
const BREAKPOINT = /^--> statement-breakpoint[ \t]*$/m;
/** ExecuteStatement takes no longer text. */
const LONGEST = 65_536;

/**
 * The migrations in a directory: `0001-roles.sql` and so on, then `sample-0001-….sql`. The Data API runs one statement a
 * call, so a line `--> statement-breakpoint` stands between two.
 *
 * @throws Error naming the file that cannot be one.
 */
export function readMigrations(directory: string): readonly Migration[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.sql'));
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) throw new Error(`${wrong} is no name of a migration: write 0005-what-it-does.sql`);
  // Digits sort before the "s" of "sample-": the schema is there before its data.
  return names.sort().map((name) => parseMigration(name, readFileSync(join(directory, name), 'utf8')));
}

/** One file's text as a migration. */
export function parseMigration(name: string, text: string): Migration {
  const unix = text.replaceAll('\r\n', '\n');
  const statements = unix
    .split(BREAKPOINT)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^\s*--.*$/gm, '').trim() !== '');
  if (statements.length === 0) throw new Error(`${name} holds no statement`);
  const long = statements.findIndex((statement) => statement.length > LONGEST);
  if (long >= 0) throw new Error(`${name}, statement ${long + 1} is longer than ${LONGEST} characters: split it`);
  const checksum = createHash('sha256').update(unix).digest('hex');
  return { version: name.replace(/\.sql$/, ''), sample: name.startsWith('sample-'), checksum, statements };
}
