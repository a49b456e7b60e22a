import { Logger } from '@aws-lambda-powertools/logger';
import { systemClock } from '../adapters/system.ts';
import { endpoint, type Handle, type LambdaHandler } from '../http/endpoint.ts';

const KIB = 1024;

/** What a form or a registration may weigh. A code and a verifier need a few hundred bytes. */
const SMALL = 16 * KIB;

/** A function that API Gateway calls, behind the one middy stack. */
export function served(
  config: { readonly POWERTOOLS_SERVICE_NAME: string },
  handle: Handle,
  maxBody = SMALL,
): LambdaHandler {
  return endpoint({ logger: loggerOf(config), clock: systemClock, maxBody }, handle);
}

/** Powertools: what people on AWS expect of a log line. */
export function loggerOf({
  POWERTOOLS_SERVICE_NAME: serviceName,
}: {
  readonly POWERTOOLS_SERVICE_NAME: string;
}): Logger {
  return new Logger({ serviceName });
}
