import type * as z from 'zod';

/**
 * What is wrong with a setting, in sentences. A rule carries only the two halves that differ, "which is no preset" and
 * "Use one of: …"; the name of the setting and its value are added here, the same way everywhere.
 */

/** The `error` of a rule: what the value is not, and what to do. Neither half ends with a full stop. */
export function wrong(what: string, fix: string): { readonly error: string } {
  return { error: `${what}. ${fix}.` };
}

/** `gatehouse.registration.vetted[1]`, the way a person would write the path. */
export function settingAt(path: readonly PropertyKey[]): string {
  const step = (key: PropertyKey) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[\w-]+$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
  };
  return `gatehouse${path.map(step).join('')}`;
}

/** The value as it stands in cdk.json, cut where it would fill the screen. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** One sentence, or two, for each thing an issue found in `raw`. */
export function sentences(issue: z.core.$ZodIssue, raw: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `cdk.json: ${settingAt([...issue.path, key])} is no setting. ${issue.message}`);
  }
  if (issue.code === 'invalid_key') {
    const [rule] = issue.issues;
    const group = settingAt(issue.path.slice(0, -1));
    return [`cdk.json: ${group} has the name ${shown(issue.path.at(-1))}, ${rule?.message ?? issue.message}`];
  }
  const value = valueAt(raw, issue.path);
  const setting = settingAt(issue.path);
  if (value === undefined) return [`cdk.json: ${setting} is missing. ${issue.message.replace(/^.*?\. /, '')}`];
  return [`cdk.json: ${setting} is ${shown(value)}, ${issue.message}`];
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    const inside = value !== null && typeof value === 'object' && Object.hasOwn(value, key);
    return inside ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, raw);
}
