import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTools } from '../check-tools.ts';
import { settingsFrom } from '../settings.ts';
import { CHECKOUT } from './checkout.ts';

/**
 * `gatehouse check`: the settings of cdk.json and the tools, without synthesizing anything.
 *
 * @throws Problem with a sentence for each mistake
 */
export async function check(): Promise<void> {
  const { context } = JSON.parse(readFileSync(join(CHECKOUT, 'cdk.json'), 'utf8')) as {
    context: Record<string, unknown>;
  };
  const { scopes } = settingsFrom(context);
  await checkTools(Object.keys(scopes));
}
