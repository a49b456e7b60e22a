import type { Grant } from '../../../functions/core/oauth/grant.ts';
import type { TokenCloud } from './t-token-cloud.ts';

/** Makes the last rotation of a family as long ago as it says: the grace is over without anybody waiting for it. */
export async function rewind(here: TokenCloud, grant: Pick<Grant, 'id'>, seconds: number): Promise<void> {
  const item = await here.item(grant);
  if (item.rotAt?.N === undefined) throw new Error(`grant ${grant.id} was never rotated`);
  await here.putItem({ ...item, rotAt: { N: String(Number(item.rotAt.N) - seconds) } });
}
