/** Answers whether a text matches a pattern that was read once, when the policy was. */
export type Matches = (text: string) => boolean;

/** `*` is any run of characters, `?` is any one; everything else is itself. */
export function wildcard(pattern: string, options: { readonly ignoreCase?: boolean } = {}): Matches {
  const source = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, (character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : `\\${character}`;
  });
  const expression = new RegExp(`^${source}$`, options.ignoreCase ? 'isu' : 'su');
  return (text) => expression.test(text);
}

/** `arn:<partition>:<service>:<region>:<account>:` with a wildcard for region or account only as a whole. */
const WELL_FORMED = /^arn:aws:[a-z0-9-]+:([a-z0-9-]*|\*):(\d{12}|aws|\*|):./s;

/**
 * An ARN pattern, compared part by part; the last part may itself hold colons.
 *
 * @returns undefined when the pattern is no ARN, or has wildcards where it matters whether they may stand for a colon:
 *   whoever wrote it meant something that is not written there
 */
export function arnPattern(pattern: string): Matches | undefined {
  if (!WELL_FORMED.test(pattern)) return undefined;
  const matchers = partsOf(pattern).map((part) => wildcard(part));
  return (text) => {
    const given = partsOf(text);
    return given.length === matchers.length && matchers.every((matches, index) => matches(given[index] ?? ''));
  };
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
