import type { HttpResponse } from './message.ts';
import { json } from './respond.ts';

/** How long clients are asked to stay away, in seconds. Nobody knows how long it takes; this keeps them from asking all the time. */
const RETRY_AFTER = 300;

/** What everybody is told while the operator has this stack switched off: to come again, and nothing of why. */
export function switchedOff(): HttpResponse {
  return json(503, { error: 'temporarily_unavailable' }, { 'retry-after': String(RETRY_AFTER) });
}
