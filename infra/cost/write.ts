import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../cli/checkout.ts';
import { writeChanged } from '../files.ts';
import { BEHIND_EDGE, PRODUCTION, resourcesWith } from './stacks.ts';
import { costTables } from './tables.ts';

/** The file that is written, and what stands around the computed part of it. */
export const COST = join(CHECKOUT, 'infra/COST.md');
const BEGIN = '<!-- computed: node infra/cost/write.ts -->';
const END = '<!-- computed -->';

/** COST.md with its tables computed anew. @throws Error when its markers are gone */
export function computed(text: string): string {
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`infra/COST.md has no ${BEGIN} … ${END}`);
  const tables = costTables(resourcesWith(PRODUCTION), resourcesWith(BEHIND_EDGE));
  return `${before}${BEGIN}\n\n${tables}\n\n${END}${after}`;
}

if (import.meta.main) writeChanged(COST, Buffer.from(computed(readFileSync(COST, 'utf8'))));
