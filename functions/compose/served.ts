import { Logger } from '@aws-lambda-powertools/logger';
import { systemClock } from '../adapters/system.ts';
import { showInvisible } from '../core/fence/invisible.ts';
import { endpoint, type Handle, type LambdaHandler } from '../http/endpoint.ts';
import { originLock } from './origin-lock.ts';

const KIB = 1024;

/** What a form or a registration may weigh. A code and a verifier need a few hundred bytes. */
const SMALL = 16 * KIB;

/** A function that API Gateway calls, behind the one middy stack. */
export function served(logger: Logger, handle: Handle): LambdaHandler {
  return endpoint({ logger, clock: systemClock, maxBody: SMALL, lock: originLock() }, handle);
}

/** A line may quote what others wrote: the text of an error, a name. Whoever reads it must see all that is there. */
function shown(value: unknown): unknown {
  return typeof value === 'string' ? showInvisible(value) : value;
}

/** Powertools: what people on AWS expect of a log line. */
export function loggerOf({
  POWERTOOLS_SERVICE_NAME: serviceName,
}: {
  readonly POWERTOOLS_SERVICE_NAME: string;
}): Logger {
  return new Logger({ serviceName, jsonReplacerFn: (_key, value) => shown(value) });
}
