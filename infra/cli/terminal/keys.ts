export type Asked = 'quit' | 'restart';

/**
 * Reads single keys from the terminal: q or Ctrl-C to quit, r to restart. `close` gives the terminal back as it was;
 * until then Ctrl-C is a key, not a signal.
 */
export function readKeys(stdin: NodeJS.ReadStream): {
  readonly next: () => Promise<Asked>;
  readonly close: () => void;
} {
  const MEANING: Readonly<Record<string, Asked>> = { q: 'quit', '\u0003': 'quit', r: 'restart' };
  let waiting: ((asked: Asked) => void) | undefined;
  const listen = (key: Buffer) => {
    const asked = MEANING[key.toString()];
    if (asked) waiting?.(asked);
  };
  stdin.setRawMode(true);
  stdin.on('data', listen);
  stdin.resume();
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
    close: () => {
      stdin.off('data', listen);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
