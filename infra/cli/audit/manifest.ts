import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Problem } from '../../problem.ts';

const file = z.strictObject({ lines: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const key = z.strictObject({ id: z.string(), pem: z.string() });

const shape = z.strictObject({
  format: z.literal('gatehouse-audit-export/v1'),
  origin: z.string().nullable(),
  period: z.strictObject({
    from: z.iso.date(),
    to: z.iso.date(),
    sealedThrough: z.iso.datetime({ precision: 3 }).nullable(),
  }),
  exportedAt: z.iso.datetime({ precision: 3 }),
  /** For convenience: a key that comes with what it is to prove proves nothing. */
  key,
  /** Those that signed before it, newest first; absent where none did. */
  formerKeys: z.array(key).min(1).optional(),
  files: z.strictObject({ 'checkpoints.jsonl': file, 'records.jsonl': file }),
});

/** What an export says about itself. Nothing of it is signed. */
export type Manifest = z.infer<typeof shape>;

/** The manifest as it is written. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** @throws Problem when the directory holds no export */
export function readManifest(directory: string): Manifest {
  try {
    return shape.parse(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Problem(`${directory} holds no export: manifest.json: ${why}`);
  }
}
