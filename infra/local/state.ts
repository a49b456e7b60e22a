import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Small JSON documents below `.gatehouse/`: keys, secrets and what was deployed. A write replaces the whole file
 * atomically, so a killed process leaves the old document or the new one, never half of either.
 */
export type State = {
  readonly directory: string;
  readonly read: <T>(name: string) => T | undefined;
  readonly write: (name: string, value: unknown) => void;
};

/** Opens the state directory, creating it readable by its owner only: it holds secrets of the local stack. */
export function openState(directory: string): State {
  mkdirSync(directory, { recursive: true });
  const path = (name: string) => join(directory, `${name}.json`);
  return {
    directory,
    read: <T>(name: string) =>
      existsSync(path(name)) ? (JSON.parse(readFileSync(path(name), 'utf8')) as T) : undefined,
    write: (name, value) => {
      const temporary = `${path(name)}.${process.pid}.tmp`;
      writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
      chmodSync(temporary, 0o600);
      renameSync(temporary, path(name));
    },
  };
}
