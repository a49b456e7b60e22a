import { originLockConfig } from '../config.ts';
import { createOriginLock, type OriginLock } from '../http/origin-lock.ts';

/** The lock of every function that API Gateway calls; undefined where nothing stands in front of the API. */
export function originLock(): OriginLock | undefined {
  const config = originLockConfig();
  return config && createOriginLock(config.ORIGIN_SECRET, config.ISSUER);
}
