import * as z from 'zod';
import { settingAt, shown } from './settings-sentences.ts';

/**
 * Settings that are right alone and wrong together. Looks at whatever could be read of each setting, so that these are
 * told in the same go as the others' mistakes.
 */
const legible = z.looseObject({
  stage: z.string().optional().catch(undefined),
  identity: z.looseObject({ kind: z.string(), rolesSeparator: z.unknown().optional() }).optional().catch(undefined),
  scopes: z.record(z.string(), z.unknown()).optional().catch(undefined),
  defaultScopes: z.array(z.unknown()).optional().catch(undefined),
  roles: z.record(z.string(), z.array(z.unknown()).catch([])).optional().catch(undefined),
  database: z
    .looseObject({ kind: z.unknown(), minCapacity: z.number().catch(0), maxCapacity: z.number().catch(Infinity) })
    .optional()
    .catch(undefined),
  sampleData: z.unknown(),
  tools: z.looseObject({ query: z.unknown() }).optional().catch(undefined),
  alarms: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

/** What Lambda's 4,096 bytes of environment leave for the settings that functions are given. */
const ENVIRONMENT_BYTES = 2_500;

/** One sentence, or two, for each contradiction in `raw`. */
export function contradictions(raw: unknown): string[] {
  const { success, data: settings } = legible.safeParse(raw);
  if (!success) return [];
  const { stage, scopes, database } = settings;
  const found: string[] = [];
  const tell = (path: readonly PropertyKey[], rest: string) => found.push(`cdk.json: ${settingAt(path)} ${rest}`);

  const mustExist = (path: readonly PropertyKey[], name: unknown) => {
    if (typeof name !== 'string' || scopes === undefined || Object.hasOwn(scopes, name)) return;
    tell(path, `is ${shown(name)}, which is not in gatehouse.scopes. Use one of: ${Object.keys(scopes).join(', ')}.`);
  };
  if (scopes !== undefined && Object.keys(scopes).length === 0) {
    tell(['scopes'], 'is {}, so no tool could be called. Name at least one scope.');
  }
  const including = hierarchyOf(scopes ?? {});
  for (const [scope, included] of Object.entries(including)) {
    included.forEach((name, at) => {
      mustExist(['scopes', scope, 'implies', at], name);
    });
    const circle = circleFrom(scope, including);
    if (circle === undefined) continue;
    const rest = `leads back to ${shown(scope)} (${circle.join(' → ')}), so each would be as much as the other. `;
    tell(
      ['scopes', scope, 'implies'],
      `${rest}Let the broader scope include the narrower one, and not the other way round.`,
    );
  }
  settings.defaultScopes?.forEach((name, at) => {
    mustExist(['defaultScopes', at], name);
  });
  for (const [role, names] of Object.entries(settings.roles ?? {})) {
    names.forEach((name, at) => {
      mustExist(['roles', role, at], name);
    });
    if (settings.identity?.kind === 'cognito' && /\s/.test(role)) {
      tell(['roles'], `has the name ${shown(role)}, but a Cognito group has no space in its name. Write it without.`);
    }
    const separator = { space: ' ', comma: ',' }[String(settings.identity?.rolesSeparator)];
    if (separator !== undefined && role.includes(separator)) {
      tell(['roles'], `has the name ${shown(role)}, which identity.rolesSeparator takes apart. Write it without.`);
    }
  }
  if (settings.roles !== undefined && Object.keys(settings.roles).length === 0) {
    tell(['roles'], 'is {}, so nobody could sign in. Name at least one role.');
  }
  const bytes = Buffer.byteLength(JSON.stringify([scopes, settings.roles, settings.defaultScopes]));
  if (bytes > ENVIRONMENT_BYTES) {
    const rest = `takes ${bytes} bytes together with roles and defaultScopes. Lambda leaves room for ${ENVIRONMENT_BYTES}: `;
    tell(['scopes'], `${rest}use fewer scopes or say what they allow in fewer words.`);
  }
  if (settings.sampleData === true && stage !== undefined && stage !== 'dev') {
    tell(['sampleData'], `is true on stage ${shown(stage)}. Sample rows belong to stage dev: use false.`);
  }
  if (database?.kind === 'none') {
    const rest = 'is true, and with gatehouse.database.kind "none" there is no database for it. Use false.';
    if (settings.sampleData === true) tell(['sampleData'], rest);
    if (settings.tools?.query === true) tell(['tools', 'query'], rest);
  }
  if (settings.alarms?.enabled === false) {
    for (const name of ['email', 'monthlyBudgetUsd'].filter((name) => settings.alarms?.[name] !== undefined)) {
      tell(
        ['alarms', name],
        'is set, and with alarms.enabled false there is nothing to tell it. Remove one of the two.',
      );
    }
  }
  if (database !== undefined && database.minCapacity > database.maxCapacity) {
    const { minCapacity, maxCapacity } = database;
    tell(
      ['database', 'minCapacity'],
      `is ${minCapacity}, more than maxCapacity, ${maxCapacity}. Use ${maxCapacity} or less.`,
    );
  }
  return found;
}

/** Scopes that say which others they include, as far as that can be read. */
function hierarchyOf(scopes: Readonly<Record<string, unknown>>): Readonly<Record<string, readonly unknown[]>> {
  const legibly = z.looseObject({ implies: z.array(z.unknown()) });
  const said = Object.entries(scopes).flatMap(([name, about]) => {
    const { success, data } = legibly.safeParse(about);
    return success ? [[name, data.implies] as const] : [];
  });
  return Object.fromEntries(said);
}

/** The way from a scope through what it includes back to itself. */
function circleFrom(
  start: string,
  including: Readonly<Record<string, readonly unknown[]>>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const ways: (readonly string[])[] = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? start;
    for (const next of Object.hasOwn(including, last) ? (including[last] ?? []) : []) {
      if (next === start) return [...way, start];
      if (typeof next !== 'string' || seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
