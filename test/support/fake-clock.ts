import type { Clock } from '../../functions/core/ports.ts';

/** A clock that stands still until it is told to go on. */
export type FakeClock = Clock & {
  /** `'90s'`, `'10m'`, `'2h'`, `'30d'`. */
  readonly advance: (duration: string) => void;
};

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Starts on 2026-11-22 at noon, UTC. */
export function createFakeClock(start = Date.UTC(2026, 10, 22, 12) / 1000): FakeClock {
  let now = start;
  return {
    seconds: () => now,
    millis: () => now * 1000,
    advance: (duration) => {
      const [, amount = '', unit = ''] = /^(\d+)([smhd])$/.exec(duration) ?? [];
      const seconds = UNITS[unit];
      if (seconds === undefined) throw new Error(`"${duration}" is no duration; write it like 90s, 10m, 2h or 30d`);
      now += Number(amount) * seconds;
    },
  };
}
