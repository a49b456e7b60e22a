import type { AppendEvent, RecordEvent } from '../../functions/core/oauth/recorded.ts';
import { ok } from '../../functions/core/result.ts';

/** For tests that are about something else: every row is durable, and nobody looks at it. */
export const onRecord: RecordEvent = async () => ok(undefined);
export const appended: AppendEvent = async () => ({ hash: 'of a row' });
