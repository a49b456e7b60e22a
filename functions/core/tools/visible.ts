import type { Caller } from '../ports.ts';
import { type Policy, reachOf } from './authorize.ts';
import type { RegisteredTool, Registry } from './registry.ts';

/**
 * The tools a person's roles could ever reach, by name. Not only what this token allows: a client must see a tool to
 * learn, from the challenge its call earns, which scopes to ask for. The order is fixed, so a client's cache and a
 * model's prompt cache hold (MCP 2026-07-28, tools: tools/list SHOULD have a deterministic order).
 */
export function visibleTools(registry: Registry, policy: Policy, caller: Caller): readonly RegisteredTool[] {
  const reach = reachOf(policy, caller.roles);
  if (!reach) return [];
  return registry.tools.filter((tool) => tool.scopes.every((scope) => reach.has(scope)));
}
