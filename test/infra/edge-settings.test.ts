import { describe, expect, test } from 'vitest';
import { settingsFrom } from '../../infra/settings.ts';
import { DOMAIN, EDGE, WEB_ACL } from './edge.ts';
import { context } from './synthesized.ts';

const read = (replaced: Readonly<Record<string, unknown>>) => settingsFrom({ ...context, ...replaced });
const withDomain = (changes: Readonly<Record<string, unknown>>) =>
  read({ 'gatehouse.domain': { ...DOMAIN, ...changes } });

describe('the setting domain', () => {
  test('is none, unless it is set', () => {
    expect(read({}).domain).toBeUndefined();
    expect(read({ 'gatehouse.domain': DOMAIN }).domain).toEqual(DOMAIN);
  });

  test.each([
    'https://mcp.example.com',
    'mcp.example.com/mcp',
    'MCP.example.com',
    'mcp.example.com.',
    'mcp.example.com:8443',
    '*.example.com',
    'localhost',
    'mcp..example.com',
    '-mcp.example.com',
    '192.168.0.1',
    '',
  ])('has no name like %j', (name) => {
    const told = `gatehouse.domain.name is ${JSON.stringify(name)}, which is no name of a host. Write it like mcp.example.com`;
    expect(() => withDomain({ name })).toThrow(told);
  });

  test.each(['arn:aws:iam::111122223333:server-certificate/mcp', 'arn:aws:acm:eu-west-1::certificate/x', ''])(
    'has no certificate like %j',
    (certificateArn) => {
      expect(() => withDomain({ certificateArn })).toThrow(/certificateArn is .*, which is no ARN of a certificate/);
    },
  );

  test('has no zone like a name', () => {
    expect(() => withDomain({ hostedZoneId: 'example.com' })).toThrow(
      'gatehouse.domain.hostedZoneId is "example.com", which is no id of a hosted zone. Write it like Z0123',
    );
  });

  test('needs a certificate', () => {
    expect(() => read({ 'gatehouse.domain': { name: DOMAIN.name } })).toThrow(/domain\.certificateArn is missing/);
  });
});

describe('the setting edge', () => {
  test('is none, unless it is set', () => {
    expect(read({}).edge).toEqual({ kind: 'none' });
  });

  test.each(['firewall', 'cloudfront'])('%s needs a domain, and the sentence says why', (kind) => {
    expect(() => read({ 'gatehouse.edge': { kind, ...(kind === 'cloudfront' && { webAclArn: WEB_ACL }) } })).toThrow(
      `gatehouse.edge.kind is "${kind}", and there is no gatehouse.domain. CloudFront's own name accepts TLS 1.0: set a domain.`,
    );
  });

  test('cloudfront takes certificates of us-east-1 only', () => {
    const certificateArn = DOMAIN.certificateArn.replace('us-east-1', 'eu-west-1');
    const there = { ...DOMAIN, certificateArn };
    expect(() => read({ ...EDGE, 'gatehouse.domain': there })).toThrow(
      `gatehouse.domain.certificateArn is "${certificateArn.slice(0, 20)}`,
    );
    expect(() => read({ ...EDGE, 'gatehouse.domain': there })).toThrow(
      'a certificate in eu-west-1. CloudFront takes those of us-east-1 only: request one there.',
    );
    // The API takes those of its own region, so it is right where the web ACL is only made.
    expect(read({ 'gatehouse.domain': there, 'gatehouse.edge': { kind: 'firewall' } }).edge.kind).toBe('firewall');
  });

  test('cloudfront without a web ACL is refused, and the sentence says where it comes from', () => {
    expect(() => read({ ...EDGE, 'gatehouse.edge': { kind: 'cloudfront' } })).toThrow(
      'gatehouse.edge.webAclArn is missing. Deploy the edge stack with "kind": "firewall" and write its output WebAclArn here',
    );
  });

  test.each([
    WEB_ACL.replace('us-east-1', 'eu-west-1'),
    WEB_ACL.replace('global', 'regional'),
    WEB_ACL.replace('webacl', 'rulegroup'),
    'gatehouse',
  ])('cloudfront has no web ACL like %j', (webAclArn) => {
    expect(() => read({ ...EDGE, 'gatehouse.edge': { kind: 'cloudfront', webAclArn } })).toThrow(
      /webAclArn is .*, which is no ARN of a web ACL for CloudFront/,
    );
  });

  test.each(['cloudfront', true, { kind: 'waf' }])('is nothing like %j', (edge) => {
    expect(() => read({ ...EDGE, 'gatehouse.edge': edge })).toThrow(/cdk\.json: gatehouse\.edge/);
  });
});
