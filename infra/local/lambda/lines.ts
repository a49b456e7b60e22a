import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** CloudWatch's largest event: a line without an end must not grow without an end either. */
const LONGEST = 262_144;

/**
 * Hands a stream on line by line, split at line feeds only. `node:readline` also splits at U+2028, which JSON leaves
 * bare inside a string: one log record would arrive as two broken ones.
 */
export function forEachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length <= LONGEST) return;
    onLine(rest);
    rest = '';
  });
  stream.on('end', () => {
    rest += decoder.end();
    if (rest !== '') onLine(rest);
  });
}
