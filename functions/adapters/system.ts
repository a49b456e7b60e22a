import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '../core/ports.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  seconds: () => Math.floor(Date.now() / 1000),
  millis: () => Date.now(),
};

/** The operating system's source of randomness. */
export const systemRandom: Random = (bytes) => randomBytes(bytes);
