import axe from 'axe-core';
import { inspect, type Tab } from './browser-chromium.ts';

type Violation = { readonly id: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] };

/** What axe-core finds wrong with the page as it is: the rule, what it asks for, and the elements. */
export async function violations(tab: Tab): Promise<string[]> {
  await inspect(tab, `${axe.source};0`);
  const run = 'axe.run(document).then(({ violations, passes }) => ({ violations, passed: passes.length }))';
  const { violations, passed } = await inspect<{ violations: Violation[]; passed: number }>(tab, run);
  if (passed === 0) throw new Error('axe-core looked at nothing');
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}
