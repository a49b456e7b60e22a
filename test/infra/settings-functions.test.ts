import { expect, test } from 'vitest';
import { PRESETS as KNOWN } from '../../functions/core/oauth/presets/index.ts';
import { checkTools } from '../../infra/check-tools.ts';
import { settingsFrom } from '../../infra/settings.ts';
import { PRESETS } from '../../infra/settings-shape.ts';
import { context } from './synthesized.ts';

test('the clients that can be vetted are those that have a preset', () => {
  expect(PRESETS).toEqual(KNOWN.map(({ name }) => name));
});

test('a tool that asks for a scope nobody declared stops the synthesis', async () => {
  const { scopes } = settingsFrom(context);
  await expect(checkTools(Object.keys(scopes))).resolves.toBeUndefined();
  await expect(checkTools(['tickets:read', 'tickets:write', 'orders:refund'])).rejects.toThrow(
    'functions/tools/search-orders.ts: scope "orders:read" is not in the catalogue (tickets:read, tickets:write, orders:refund).',
  );
});
