import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { context } from './synthesized.ts';

const withOrigins = (allowedOrigins: unknown) =>
  settingsFrom({ ...context, 'gatehouse.allowedOrigins': allowedOrigins });

describe('web origins that may call from a browser', () => {
  test('are none, unless they are named', () => {
    expect(settingsFrom(context).allowedOrigins).toEqual([]);
  });

  test.each(['https://app.example.com', 'https://app.example.com:8443', 'http://localhost:6274', 'http://127.0.0.1'])(
    '%s is one',
    (origin) => {
      expect(withOrigins([origin]).allowedOrigins).toEqual([origin]);
    },
  );

  test.each([
    '*',
    'null',
    'https://app.example.com/',
    'https://app.example.com:443',
    'https://*.example.com',
    'HTTPS://app.example.com',
    'http://app.example.com',
    'http://localhost.example.com',
    'app.example.com',
  ])('%s is none', (origin) => {
    expect(() => withOrigins([origin])).toThrow(
      `gatehouse.allowedOrigins[0] is "${origin}", which is no web origin. Write it like https://app.example.com, without a slash or path.`,
    );
  });

  test('one by itself is no list', () => {
    expect(() => withOrigins('https://app.example.com')).toThrow(/is no list of web origins/);
  });
});
