import type { Caller } from '../ports.ts';
import { type Policy, reachOf } from './authorize.ts';

/**
 * Of tools, resources or prompts, those a person's roles could ever reach, in their fixed order. Not only what this token
 * allows: a client must see a tool to learn, from the challenge its call earns, which scopes to ask for. With a fixed order
 * a client's cache and a model's prompt cache hold (MCP 2026-07-28, tools: tools/list SHOULD have a deterministic order).
 */
export function visible<T extends { readonly scopes: readonly string[] }>(
  offered: readonly T[],
  policy: Policy,
  caller: Caller,
): readonly T[] {
  const reach = reachOf(policy, caller.roles);
  if (!reach) return [];
  return offered.filter(({ scopes }) => scopes.every((scope) => reach.has(scope)));
}
