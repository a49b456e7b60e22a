import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** The files below a directory, sorted by path, so that whatever is made of them is the same on every machine. */
export function filesIn(directory: string): { readonly path: string; readonly contents: Uint8Array }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort()
    .map((path) => ({ path, contents: readFileSync(join(directory, path)) }));
}

/** SHA-256 over names and contents of the files below a directory, in hexadecimal. */
export function hashOf(directory: string): string {
  const hash = createHash('sha256');
  for (const { path, contents } of filesIn(directory)) hash.update(`${path}\n${contents.length}\n`).update(contents);
  return hash.digest('hex');
}

/** Makes a directory hold exactly these files. Unchanged ones are not touched: somebody may be running them. */
export function keepOnly(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(directory, { recursive: true });
  for (const { path } of filesIn(directory)) if (!files.has(path)) rmSync(join(directory, path));
  for (const [path, contents] of files) writeChanged(join(directory, path), contents);
}

/** Replaces a file in one step, or leaves it alone when it already has these contents. */
export function writeChanged(path: string, contents: Uint8Array): void {
  if (contentsOf(path)?.equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

function contentsOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
