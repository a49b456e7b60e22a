import { describe, expect, test } from 'vitest';
import { fetched, Lacking, versionOf } from '../deploy/lacking.ts';

/** What makes a suite against an emulator skip itself, and what must not. */
const saying = (text: string) => ['-c', `echo "${text}" >&2; exit 1`];

describe('a suite against an emulator', () => {
  test('is skipped by the name of a program that is not there', async () => {
    const lacking = versionOf('no-such-program', ['--version'], 'Java 17 or newer');
    await expect(lacking).rejects.toThrow(
      new Lacking('no-such-program cannot be run here; Java 17 or newer is needed'),
    );
  });

  test('reads versions wherever a program says them', async () => {
    expect(await versionOf('sh', ['-c', 'echo out; echo err >&2'], '')).toBe('out\nerr\n');
  });

  test.each([
    '[ERROR] Could not transfer artifact org.example:it:pom:1 from/to central',
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(…)'",
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'ProxyError(…)'",
  ])('is skipped when the packages it needs cannot be reached: %s', async (said) => {
    await expect(fetched('PyPI', 'sh', saying(said))).rejects.toThrow(new Lacking('PyPI cannot be reached'));
  });

  test.each([
    '[ERROR] Could not find artifact org.example:it:jar:99 in central',
    'ERROR: No matching distribution found for ministack==99',
  ])('fails when what is pinned is not there: %s', async (said) => {
    const failure = await fetched('PyPI', 'sh', saying(said)).catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(Lacking);
    expect(failure).toMatchObject({ message: expect.stringContaining(said) });
  });
});
