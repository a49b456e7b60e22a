import type { Context } from 'aws-lambda';
import { composeMigrate } from '../compose/migrate.ts';
import { answerCustomResource } from './custom-resource.ts';

/** CloudFormation's custom resources of this stack. The answer goes to the event's ResponseURL, not to the caller. */
export async function handler(event: unknown, context: Context): Promise<void> {
  await answerCustomResource(composeMigrate, event, context.getRemainingTimeInMillis());
}
