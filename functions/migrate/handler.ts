import type { Context } from 'aws-lambda';
import { composeMigrate } from '../compose/migrate.ts';
import { checkDatabase, type DatabaseCheck, isDatabaseCheck } from './check.ts';
import { answerCustomResource } from './custom-resource.ts';

/**
 * CloudFormation's custom resources of this stack, whose answer goes to the event's ResponseURL, and the question of
 * `gatehouse database check`, which is answered to the caller. Any other event is an error, before anything is done.
 */
export async function handler(event: unknown, context: Context): Promise<DatabaseCheck | undefined> {
  if (isDatabaseCheck(event)) return checkDatabase(composeMigrate());
  await answerCustomResource(composeMigrate, event, context.getRemainingTimeInMillis());
  return undefined;
}
