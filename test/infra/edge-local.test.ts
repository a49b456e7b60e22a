import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { leftOut, localContext } from '../../infra/local/synthesize.ts';
import { loadAssembly } from '../../infra/local/template/assembly.ts';
import { createResolver, type Outside } from '../../infra/local/template/resolver.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { EDGE } from './edge.ts';
import { context, synthesized } from './synthesized.ts';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

/** A directory with a cdk.json, and nothing else. */
function checkout(gatehouse: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-edge-'));
  directories.push(directory);
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ context: { ...context, gatehouse } }));
  return directory;
}

const gatehouse = context.gatehouse as Readonly<Record<string, unknown>>;
const deployed = { ...gatehouse, domain: EDGE['gatehouse.domain'], edge: EDGE['gatehouse.edge'] };

describe('the local run', () => {
  const { directory } = synthesized(EDGE).app.synth();

  test('leaves domain and CloudFront out, and says so in one sentence', () => {
    const settings = settingsFrom(JSON.parse(JSON.stringify(localContext(checkout(deployed), {}))));
    expect(settings.domain).toBeUndefined();
    expect(settings.edge).toEqual({ kind: 'none' });
    expect(leftOut(checkout(deployed))).toBe(
      'gatehouse.domain and gatehouse.edge of cdk.json: left out here. Only a deployment has a domain, CloudFront and a web ACL.',
    );
  });

  test('says nothing where neither is set', () => {
    expect(leftOut(checkout(gatehouse))).toBeUndefined();
  });

  test('refuses a template that has CloudFront in it: it is not modelled', () => {
    const assembly = loadAssembly(directory);
    const outside = { customResourceData: () => undefined } as unknown as Outside;
    expect(() => createResolver(assembly, outside)).toThrow(/AWS::CloudFront::/);
  });
});

describe('infra/README.md', () => {
  const readme = readFileSync('infra/README.md', 'utf8');
  const [, section = ''] = readme.split('## In front of it: domain and edge');
  const examples = [...(section.split('\n## ')[0] ?? '').matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, text = '']) => JSON.parse(text) as Readonly<Record<string, unknown>>,
  );

  test('has examples that are settings', () => {
    const [domain, edge] = examples;
    expect(examples).toHaveLength(2);
    expect(settingsFrom({ ...context, 'gatehouse.domain': domain }).domain).toEqual(domain);
    expect(settingsFrom({ ...context, ...EDGE, 'gatehouse.edge': edge }).edge).toEqual(edge);
  });

  const command = /npx cdk deploy (gatehouse-\S+-edge)(.*)/.exec(section);
  const replaced = [...(command?.[2] ?? '').matchAll(/-c (\S+)=(\S+)/g)].map(([, key, value]) => [key, value]);

  test('has a first command that needs a domain and nothing else', () => {
    expect(replaced).toHaveLength(3);
    const settings = settingsFrom({
      ...context,
      ...Object.fromEntries(replaced),
      'gatehouse.domain': EDGE['gatehouse.domain'],
    });
    expect(settings.edge).toEqual({ kind: 'firewall' });
    expect(command?.[1]).toBe(`gatehouse-${settings.stage}-edge`);
  });

  test('links to a heading that is there', () => {
    expect(readme).toContain('(#in-front-of-it-domain-and-edge)');
    const runbook = readFileSync('infra/RUNBOOK.md', 'utf8');
    expect(runbook).toContain('(#cloudfront-or-its-web-acl-refuses-people)');
    expect(runbook).toContain('## CloudFront or its web ACL refuses people');
  });
});
