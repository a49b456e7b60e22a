import { Logger } from '@aws-lambda-powertools/logger';
import { createMeter, type Meter } from '../adapters/metrics.ts';
import { systemClock } from '../adapters/system.ts';
import { showInvisible } from '../core/fence/invisible.ts';
import type { MetricsOf } from '../core/metrics/metric.ts';
import { endpoint, type Handle, type LambdaHandler } from '../http/endpoint.ts';
import { originLock } from './origin-lock.ts';

const KIB = 1024;

/** What a form or a registration may weigh. A code and a verifier need a few hundred bytes. */
const SMALL = 16 * KIB;

export type Serving = {
  readonly logger: Logger;
  readonly meter: Meter;
  /** @default - 16 KiB */
  readonly maxBody?: number;
};

/** A function that API Gateway calls, behind the one middy stack: switched off with its stack, locked, counted. */
export function served(
  { SERVING: serving }: { readonly SERVING: boolean },
  { logger, meter, maxBody = SMALL }: Serving,
  handle: Handle,
): LambdaHandler {
  return endpoint(
    { logger, clock: systemClock, maxBody, serving, lock: originLock(), answered: meter.answered },
    handle,
  );
}

/** What counts the requests of a function. */
export function meterOf(
  { METRICS_SERVICE: service }: { readonly METRICS_SERVICE: string },
  logger: Logger,
  metricsOf: MetricsOf,
): Meter {
  return createMeter({ service, metricsOf, warn: (message, { error }) => logger.warn(message, { error }) });
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
