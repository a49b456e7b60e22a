import { checkTools } from '../check-tools.ts';
import { readSettings } from '../settings.ts';
import { CHECKOUT } from './checkout.ts';

/**
 * `gatehouse check`: the settings of cdk.json and the tools, without synthesizing anything.
 *
 * @throws Problem with a sentence for each mistake
 */
export async function check(): Promise<void> {
  const { scopes, tools } = readSettings(CHECKOUT);
  await checkTools(Object.keys(scopes), tools);
}
