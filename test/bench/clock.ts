/** Milliseconds of processor time that this thread has used: what else the machine does is not counted. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/**
 * Milliseconds of processor time of one call, the median of `samples`. Each sample repeats the call `calls` times, for
 * what is over in microseconds; one sample before the first warms up and does not count.
 */
export function cpuTime(run: () => unknown, { samples = 9, calls = 1 } = {}): number {
  const times = Array.from({ length: samples + 1 }, () => {
    const before = worked();
    for (let call = 0; call < calls; call++) run();
    return (worked() - before) / calls;
  });
  return median(times.slice(1));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
