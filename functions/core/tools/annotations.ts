import type { Tool } from './define.ts';

export type Annotations = {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
};

/**
 * The hints of a tool, from what it is allowed to do rather than from what its author claims. All four are always set:
 * the protocol's defaults (not read-only, destructive, not idempotent, open world) would fit hardly any tool.
 *
 * `openWorldHint` tells a host that the answer may hold text other people wrote. That is so for every tool that can
 * reach rows, and a tool reaches rows only when it names a scope.
 */
export function annotationsOf(tool: Pick<Tool, 'title' | 'access' | 'scopes'>): Annotations {
  const reads = tool.access === 'read';
  return {
    title: tool.title,
    readOnlyHint: reads,
    destructiveHint: !reads,
    idempotentHint: reads,
    openWorldHint: tool.scopes.length > 0,
  };
}
