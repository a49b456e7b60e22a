import { describe, expect, test } from 'vitest';
import { fetchSparingly } from '../../functions/adapters/fetch-sparingly.ts';
import { isPublicAddress } from '../../functions/adapters/public-address.ts';
import { ok, refuse } from '../../functions/core/result.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('an address may be connected to', () => {
  test.each(['8.8.8.8', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::200e'])(
    'C7 %s, which is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  test.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '169.254.170.2'],
    ...['172.16.0.1', '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', 'fc00::1'],
    ...['fd00:ec2::254', 'fe80::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', '100::1'],
    ...['2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', 'no address', ''],
  ])('C7 never %j', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('a host is asked sparingly', () => {
  const counted = (answer = ok({ text: '{}', freshFor: 0 }) as Awaited<ReturnType<typeof once>>) => {
    const asked: string[] = [];
    const clock = createFakeClock();
    const fetch = fetchSparingly(async (url) => {
      asked.push(url);
      await Promise.resolve();
      return answer;
    }, clock);
    return { asked, clock, fetch };
  };
  const once = fetchSparingly(async () => refuse('nothing'), createFakeClock());
  const url = (path: string) => `https://client.example/${path}`;

  test('C27 twenty at once are one fetch, and all are answered', async () => {
    const { asked, fetch } = counted();
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url('c'))));
    expect(answers.every(({ ok: had }) => had)).toBe(true);
    expect(asked).toHaveLength(1);
  });

  test('C14 a failure is not tried again for half a minute, and then it is', async () => {
    const { asked, clock, fetch } = counted(refuse('status 500'));
    for (let times = 0; times < 5; times++) expect(await fetch(url('c'))).toEqual(refuse('status 500'));
    expect(asked).toHaveLength(1);
    clock.advance('29s');
    await fetch(url('c'));
    expect(asked).toHaveLength(1);
    clock.advance('1s');
    await fetch(url('c'));
    expect(asked).toHaveLength(2);
  });

  test('C28 a thousand addresses of one host are twenty fetches a minute, and other hosts are not held up', async () => {
    const { asked, clock, fetch } = counted();
    for (let n = 0; n < 1000; n++) await fetch(url(`c${n}`));
    expect(asked).toHaveLength(20);
    expect(await fetch('https://other.example/c')).toMatchObject({ ok: true });
    expect(await fetch(url('one-more'))).toEqual(refuse({ reason: 'host-spared', retryAfter: 60 }));
    clock.advance('18s');
    expect(await fetch(url('one-more'))).toEqual(refuse({ reason: 'host-spared', retryAfter: 42 }));
    clock.advance('42s');
    expect(await fetch(url('one-more'))).toMatchObject({ ok: true });
  });
});
