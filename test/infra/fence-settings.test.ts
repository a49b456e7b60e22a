import { expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context, synthesized } from './synthesized.ts';

/** Whether links in results are defanged: they are, unless cdk.json says otherwise, and the mcp function is told. */
test('links are defanged unless the settings keep them', () => {
  expect(settingsFrom(context).fence.links).toBe('defanged');
  const { service } = synthesized({ 'gatehouse.fence.links': 'kept' });
  const functions = Object.values(service.findResources('AWS::Lambda::Function'));
  const told = functions.map(({ Properties }) => Properties.Environment?.Variables?.FENCE_LINKS as unknown);
  expect(told.filter((links) => links !== undefined)).toEqual(['kept']);
}, 60_000);

test('there is no third way', () => {
  expect(() => settingsFrom({ ...context, 'gatehouse.fence.links': true })).toThrow(
    'cdk.json: gatehouse.fence.links is true, which is no way to treat links. Use one of: defanged, kept.',
  );
});
