import { describe, expect, test } from 'vitest';
import { configOf } from '../../functions/config.ts';

const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' };
const wellKnown = {
  ISSUER: 'https://mcp.example.com',
  TOKEN_KEYS: JSON.stringify({ keys: [key] }),
  SCOPES: '{"orders:read":"See orders"}',
  DEFAULT_SCOPES: 'orders:read',
  REGISTRATION_MODE: 'vetted',
  CLIENT_DOCUMENTS: 'on',
};

describe('the configuration of a function', () => {
  test('is parsed once, and frozen', () => {
    const config = configOf('wellKnown', wellKnown);
    expect(config).toMatchObject({ TOKEN_KEYS: { keys: [key] }, DEFAULT_SCOPES: ['orders:read'] });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('names everything that is wrong at once, and no value', () => {
    const environment = { ...wellKnown, TOKEN_KEYS: '{"keys":[{"d":"private"}]}', SCOPES: 'hush', ISSUER: undefined };
    const parse = () => configOf('wellKnown', environment);
    expect(parse).toThrow(/ISSUER is missing/);
    expect(parse).toThrow(/TOKEN_KEYS has an unusable value/);
    expect(parse).toThrow(/SCOPES has an unusable value/);
    expect(parse).not.toThrow(/private|hush/);
  });

  test('refuses to start with a private key, or with none', () => {
    const withKeys = (keys: unknown) => ({ ...wellKnown, TOKEN_KEYS: JSON.stringify({ keys }) });
    expect(() => configOf('wellKnown', withKeys([{ ...key, d: 'private' }]))).toThrow(/TOKEN_KEYS/);
    expect(() => configOf('wellKnown', withKeys([]))).toThrow(/TOKEN_KEYS/);
  });

  test.each([
    ['https://mcp.example.com', true],
    ['http://localhost:3000', true],
    ['http://127.0.0.1:3000', true],
    ['http://mcp.example.com', false],
    ['http://localhost.example.com', false],
    ['https://mcp.example.com/', false],
    ['https://mcp.example.com/?a', false],
    ['ftp://mcp.example.com', false],
  ])('takes %s as an issuer: %s', (ISSUER, accepted) => {
    const parse = () => configOf('wellKnown', { ...wellKnown, ISSUER });
    if (accepted) expect(parse().ISSUER).toBe(ISSUER);
    else expect(parse).toThrow(/ISSUER/);
  });
});
