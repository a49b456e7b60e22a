import type { Definition } from './digest.ts';
import type { Offer } from './lock.ts';

/** How what is offered now differs from what was locked. */
export type Drift = {
  readonly offer: Offer;
  readonly change: 'added' | 'changed' | 'removed';
  /** For a change, each field that differs: `description was "…", is "…"`. */
  readonly details: readonly string[];
};

/** Every difference, by kind and name. None means that a model is told exactly what was reviewed. */
export function driftBetween(locked: readonly Offer[], offered: readonly Offer[]): readonly Drift[] {
  const keyOf = ({ kind, name }: Offer) => `${kind} ${name}`;
  const before = new Map(locked.map((offer) => [keyOf(offer), offer]));
  const now = new Map(offered.map((offer) => [keyOf(offer), offer]));
  const drift = [...new Set([...before.keys(), ...now.keys()])].sort().flatMap((key): readonly Drift[] => {
    const [was, is] = [before.get(key), now.get(key)];
    if (is === undefined) return was === undefined ? [] : [{ offer: was, change: 'removed', details: [] }];
    if (was === undefined) return [{ offer: is, change: 'added', details: [] }];
    if (was.digest === is.digest) return [];
    return [{ offer: is, change: 'changed', details: differences(was.definition, is.definition) }];
  });
  return drift;
}

/** `fields` that differ, as a person names them, in the order of the paths. */
function differences(was: Definition, is: Definition): readonly string[] {
  const [before, now] = [leavesOf(was), leavesOf(is)];
  return [...new Set([...before.keys(), ...now.keys()])].sort().flatMap((path) => {
    const [from, to] = [before.get(path), now.get(path)];
    if (from === to) return [];
    if (from === undefined) return [`${path} is new: ${to}`];
    return [to === undefined ? `${path} is gone, was ${from}` : `${path} was ${from}, is ${to}`];
  });
}

/** Every value of a definition by its path, as JSON. A list of plain values is one value. */
function leavesOf(value: unknown, path = ''): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  const plain = Array.isArray(value) && value.every((member) => typeof member !== 'object' || member === null);
  const members = Object.entries(value);
  if (plain || members.length === 0) return new Map([[path, JSON.stringify(value)]]);
  return new Map(members.flatMap(([key, member]) => [...leavesOf(member, path === '' ? key : `${path}.${key}`)]));
}
