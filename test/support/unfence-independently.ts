/**
 * A second decoder of the fence, written from functions/core/fence/README.md alone and sharing no code with the first:
 * what a client's author would write. If the two disagree, the README or the code is wrong.
 */
export function unfenceIndependently(fenced: string): string {
  const marker = /<<<USER_DATA nonce=([0-9a-f]{32}) source=[^ >]+ enc=esc1>>>\n/.exec(fenced);
  if (marker === null) throw new Error('no opening marker');
  const from = marker.index + marker[0].length;
  const to = fenced.indexOf(`\n<<<END nonce=${marker[1]}>>>`, from);
  if (to < 0) throw new Error('no closing marker');

  const units: string[] = [];
  const body = fenced.slice(from, to);
  if (!body.startsWith('| ')) throw new Error('the body does not begin with "| "');
  let at = 2;
  while (at < body.length) {
    const unit = body.charAt(at);
    if (unit === '\n') {
      units.push('\n');
      at += expectPrefix(body, at);
    } else if (unit !== '\\') {
      units.push(unit);
      at += 1;
    } else if (body.charAt(at + 1) === '\\') {
      units.push('\\');
      at += 2;
    } else if (body.charAt(at + 1) === '\n') {
      at += 1 + expectPrefix(body, at + 1);
    } else {
      const end = body.indexOf('}', at);
      if (!body.startsWith('\\u{', at) || end < 0) throw new Error(`no escape at ${at}`);
      units.push(String.fromCodePoint(Number(`0x${body.slice(at + 3, end)}`)));
      at = end + 1;
    }
  }
  return units.join('');
}

/** The length of a line break and the prefix that must follow it. */
function expectPrefix(body: string, at: number): number {
  if (!body.startsWith('\n| ', at)) throw new Error(`a line at ${at} does not begin with "| "`);
  return 3;
}
