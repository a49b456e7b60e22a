import { expect, test } from 'vitest';
import { createAllowance } from '../../../functions/core/oauth/allowance.ts';
import { bucketOf, takeBatch } from '../../../functions/core/oauth/token-bucket.ts';
import { ok } from '../../../functions/core/result.ts';
import { aClientId } from '../../support/builders.ts';

/** Whom an environment forgets when it has counted a thousand clients: the one unused for longest, and nobody before. */
function anEnvironment() {
  const taken: string[] = [];
  const buckets = {
    take: async (clientId: string) => {
      taken.push(clientId);
      return ok(undefined);
    },
  };
  const allowance = createAllowance({ clock: { millis: () => 0 }, buckets, limit: { rate: 5, burst: 20 } });
  const ask = async (id: string, times = 1) => {
    for (let each = 0; each < times; each++) await allowance(aClientId(id));
  };
  const askOthers = async (count: number) => {
    for (let other = 0; other < count; other++) await ask(`client-${other}`);
  };
  return { ask, askOthers, taken };
}

test('a client in use is remembered, and one that is not is forgotten for a newcomer', async () => {
  const { ask, askOthers, taken } = anEnvironment();
  await ask('busy', 5);
  await ask('idle', 5);
  await askOthers(997);
  await ask('busy');
  await ask('newcomer');
  await ask('one-more');
  await ask('busy', 4);
  await ask('idle', 5);
  expect(taken).toEqual(['busy']);
});

test('nobody is forgotten for a client that is known already', async () => {
  const { ask, askOthers, taken } = anEnvironment();
  await ask('idle', 5);
  await ask('busy', 5);
  await askOthers(998);
  await ask('busy');
  await ask('idle', 5);
  expect(taken).toEqual(['idle']);
});

test('an empty bucket says so, and until when', () => {
  const bucket = bucketOf({ rate: 10, burst: 10 });
  expect(takeBatch(bucket, undefined, 1_000)).toEqual({ ok: true, value: 2_000 });
  expect(takeBatch(bucket, 2_000, 1_000)).toEqual({ ok: false, error: { reason: 'bucket-empty', until: 2_000 } });
});
