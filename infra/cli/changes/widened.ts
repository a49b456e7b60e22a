import { type Permission, permissionsOf } from './permissions.ts';
import { NOTHING, type Stacks, type Template } from './templates.ts';

/** A permission that is new, or a denial that is gone. */
export type Widening = {
  readonly stack: string;
  /** Type of the holder, where it is a resource of this stack. */
  readonly holderType: string | undefined;
  readonly permission: Permission;
};

/**
 * What may be done after going from one set of templates to another that could not be done before. A stack that is not
 * there yet is compared with nothing: whatever it allows is new.
 */
export function wideningsBetween(from: Stacks, to: Stacks): Widening[] {
  return [...to].flatMap(([stack, after]) => {
    const before = from.get(stack) ?? NOTHING;
    const old = permissionsOf(before);
    const now = permissionsOf(after);
    const added = now.filter((one) => one.effect === 'Allow' && !old.some((other) => covers(other, one)));
    const lifted = old.filter(
      (one) => one.effect === 'Deny' && stands(one.holder, before, after) && !now.some((other) => covers(other, one)),
    );
    return [...added, ...lifted].map((permission) => {
      const { holder } = permission;
      const holderType = Object.hasOwn(after.Resources, holder) ? after.Resources[holder]?.Type : undefined;
      return { stack, holderType, permission };
    });
  });
}

/** A denial on what goes too guards nothing any more. */
function stands(holder: string, before: Template, after: Template): boolean {
  return Object.hasOwn(after.Resources, holder) || !Object.hasOwn(before.Resources, holder);
}

/** Whether everything that `narrow` speaks of, `wide` speaks of too. In doubt it does not. */
export function covers(wide: Permission, narrow: Permission): boolean {
  if (wide.holder !== narrow.holder || wide.effect !== narrow.effect || wide.opaque !== narrow.opaque) return false;
  if (wide.opaque) return wide.action === narrow.action;
  return (
    coversPrincipal(wide.principal, narrow.principal) &&
    matches(wide.action.toLowerCase(), narrow.action.toLowerCase()) &&
    coversResource(wide.resource, narrow.resource) &&
    isLooser(wide.conditions, narrow.conditions)
  );
}

function coversPrincipal(wide: string | undefined, narrow: string | undefined): boolean {
  return wide === narrow || (wide === '*' && narrow !== undefined);
}

function coversResource(wide: string | undefined, narrow: string | undefined): boolean {
  return wide === narrow || (wide !== undefined && narrow !== undefined && matches(wide, narrow));
}

/**
 * Whether whatever the pattern `narrow` matches, `wide` matches: its `*` takes anything, a `*` too, and its `?` anything
 * else.
 */
function matches(wide: string, narrow: string): boolean {
  const pattern = wide.replace(/[\\^$.*+?()[\]{}|]/g, (character) => {
    if (character === '*') return '[^]*';
    return character === '?' ? '[^*]' : `\\${character}`;
  });
  return new RegExp(`^${pattern}$`).test(narrow);
}

/** Operators of which fewer values let less through. */
const POSITIVE =
  /^(?:ForAnyValue:|ForAllValues:)?(?:StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)(?:IfExists)? /;

/** Whether every condition of `wide` is one of `narrow` too, with the same values or, where that lets less through, fewer. */
function isLooser(wide: Permission['conditions'], narrow: Permission['conditions']): boolean {
  return Object.entries(wide).every(([key, values]) => {
    const others = Object.hasOwn(narrow, key) ? narrow[key] : undefined;
    if (others === undefined) return false;
    const fewer = others.every((value) => values.includes(value));
    return fewer && (POSITIVE.test(key) ? others.length > 0 : others.length === values.length);
  });
}
