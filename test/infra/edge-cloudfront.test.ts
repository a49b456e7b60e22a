import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ORIGIN_HEADER } from '../../functions/http/origin-lock.ts';
import { DOMAIN, EDGE, WEB_ACL } from './edge.ts';
import { ofType, PRODUCTION, readable, synthesized } from './synthesized.ts';

type Behavior = {
  readonly PathPattern?: string;
  readonly ViewerProtocolPolicy: string;
  readonly CachePolicyId: unknown;
  readonly OriginRequestPolicyId?: string;
  readonly AllowedMethods: readonly string[];
};
type Origin = {
  readonly DomainName: unknown;
  readonly CustomOriginConfig: Readonly<Record<string, unknown>>;
  readonly OriginCustomHeaders: readonly { readonly HeaderName: string; readonly HeaderValue: unknown }[];
};
type Distribution = {
  readonly DistributionConfig: Readonly<Record<string, unknown>> & {
    readonly DefaultCacheBehavior: Behavior;
    readonly CacheBehaviors: readonly Behavior[];
    readonly Origins: readonly [Origin];
    readonly CustomErrorResponses: readonly { readonly ErrorCode: number; readonly ErrorCachingMinTTL: number }[];
  };
};
type LambdaFunction = { readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> } };

const { service, stacks } = synthesized(EDGE);
const [found] = Object.values(ofType<Distribution>(service, 'AWS::CloudFront::Distribution'));
if (found === undefined) throw new Error('there is no distribution');
const config = found.Properties.DistributionConfig;
const [origin] = config.Origins;

describe('CloudFront', () => {
  test('speaks TLS 1.2 or newer, HTTP/2 and 3, and no plain HTTP', () => {
    expect(config).toMatchObject({
      Enabled: true,
      HttpVersion: 'http2and3',
      Aliases: [DOMAIN.name],
      ViewerCertificate: {
        AcmCertificateArn: DOMAIN.certificateArn,
        MinimumProtocolVersion: 'TLSv1.2_2021',
        SslSupportMethod: 'sni-only',
      },
    });
    for (const behavior of [config.DefaultCacheBehavior, ...config.CacheBehaviors]) {
      expect(behavior.ViewerProtocolPolicy).toBe('https-only');
      expect(behavior.AllowedMethods).toHaveLength(7);
    }
  });

  test('has the web ACL of the settings', () => {
    expect(config.WebACLId).toBe(WEB_ACL);
  });

  test('has no IPv6, whose networks have more addresses than a rate rule can count', () => {
    expect(config.IPV6Enabled).toBe(false);
    service.resourcePropertiesCountIs('AWS::Route53::RecordSet', { Type: 'AAAA' }, 0);
  });

  test('keeps nothing but the well-known documents, and those as long as they say', () => {
    // CachingDisabled and AllViewerExceptHostHeader, by AWS's ids.
    expect(config.DefaultCacheBehavior).toMatchObject({
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      Compress: false,
    });
    expect(config.CacheBehaviors.map(({ PathPattern }) => PathPattern)).toEqual(['/.well-known/*']);
    service.hasResourceProperties('AWS::CloudFront::CachePolicy', {
      CachePolicyConfig: {
        MinTTL: 0,
        DefaultTTL: 0,
        ParametersInCacheKeyAndForwardedToOrigin: {
          HeadersConfig: { HeaderBehavior: 'none' },
          CookiesConfig: { CookieBehavior: 'none' },
          QueryStringsConfig: { QueryStringBehavior: 'none' },
        },
      },
    });
  });

  test('keeps no error: the next person at the path is somebody else', () => {
    const kept = config.CustomErrorResponses.filter(({ ErrorCachingMinTTL }) => ErrorCachingMinTTL !== 0);
    expect(kept).toEqual([]);
    expect(config.CustomErrorResponses.map(({ ErrorCode }) => ErrorCode)).toEqual([
      400, 403, 404, 405, 414, 500, 501, 502, 503, 504,
    ]);
    expect(JSON.stringify(config.CustomErrorResponses)).not.toMatch(/ResponsePagePath|ResponseCode"/);
  });

  test('writes no log: it would hold the queries, with their codes', () => {
    expect(config.Logging).toBeUndefined();
  });

  test('speaks TLS 1.2 to the API, by its own name, and waits for its answer', () => {
    expect(readable(origin.DomainName)).toBe('FrontDoorApi.execute-api.Region.URLSuffix');
    expect(origin.CustomOriginConfig).toMatchObject({
      OriginProtocolPolicy: 'https-only',
      OriginSSLProtocols: ['TLSv1.2'],
      OriginReadTimeout: 35,
    });
  });
});

describe('the API behind CloudFront', () => {
  const doors = ['well-known', 'register', 'authorize', 'token', 'mcp'];
  const environments = Object.values(ofType<LambdaFunction>(service, 'AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment.Variables,
  );

  test('is locked: every function with a route demands what CloudFront shows', () => {
    const secret = origin.OriginCustomHeaders[0]?.HeaderValue;
    expect(origin.OriginCustomHeaders).toEqual([{ HeaderName: ORIGIN_HEADER, HeaderValue: secret }]);
    expect(JSON.stringify(secret)).toMatch(/resolve:secretsmanager:.*FrontDoorEdgeOriginSecret.*:SecretString:::/);
    const locked = environments.filter(({ ORIGIN_SECRET }) => ORIGIN_SECRET !== undefined);
    expect(locked.map(({ POWERTOOLS_SERVICE_NAME: name }) => name).sort()).toEqual([...doors].sort());
    for (const { ORIGIN_SECRET } of locked) expect(ORIGIN_SECRET).toEqual(secret);
    type Integration = { readonly IntegrationUri: unknown };
    const targets = Object.values(ofType<Integration>(service, 'AWS::ApiGatewayV2::Integration'));
    expect(targets).toHaveLength(doors.length);
  });

  test('has a secret that was drawn, of letters and digits, that no role may read', () => {
    service.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    });
    const roles = JSON.stringify(service.findResources('AWS::IAM::Role'));
    expect(roles).not.toContain('FrontDoorEdgeOriginSecret');
  });

  test('is the domain to everybody, and its own address stays for CloudFront', () => {
    const issuers = new Set(environments.map(({ ISSUER }) => ISSUER).filter((issuer) => issuer !== undefined));
    expect([...issuers]).toEqual([`https://${DOMAIN.name}`]);
    service.hasOutput('McpUrl', { Value: `https://${DOMAIN.name}/mcp` });
    service.allResourcesProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: Match.absent() });
    service.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
  });

  test('keeps its challenges: they have their own name again before CloudFront sees them', () => {
    const mapped = service.findResources('AWS::ApiGatewayV2::Integration', {
      Properties: { ResponseParameters: { 401: Match.anyValue(), 403: Match.anyValue() } },
    });
    expect(Object.keys(mapped)).toHaveLength(3);
  });
});

describe('the web ACL before the API', () => {
  test('counts every path of the open endpoints that there is a route for', () => {
    type Route = { readonly RouteKey: string };
    const routes = Object.values(ofType<Route>(service, 'AWS::ApiGatewayV2::Route')).map(
      ({ Properties }) => Properties.RouteKey.split(' ')[1] ?? '',
    );
    const acl = JSON.stringify(stacks.edge && Template.fromStack(stacks.edge).findResources('AWS::WAFv2::WebACL'));
    const counted = [...acl.matchAll(/"SearchString":"(\/[^"]*)"/g)].map(([, path = '']) => path);
    const free = routes.filter((path) => !counted.some((start) => path.startsWith(start)));
    expect(free.filter((path) => path !== '/mcp' && !path.startsWith('/.well-known/'))).toEqual([]);
    expect(counted.filter((path) => !routes.includes(path))).toEqual([]);
    expect(counted).toContain('/register');
  });
});

describe('every combination', () => {
  const { hostedZoneId: _, ...elsewhere } = DOMAIN;
  const plain = synthesized();
  const named = synthesized({ 'gatehouse.domain': DOMAIN });
  const walled = synthesized({ 'gatehouse.domain': DOMAIN, 'gatehouse.edge': { kind: 'firewall' } });
  const production = synthesized({ ...PRODUCTION, ...EDGE, 'gatehouse.domain': elsewhere });

  test.each([
    ['nothing', plain, ['data', 'service']],
    ['a domain', named, ['data', 'service']],
    ['a web ACL first', walled, ['data', 'edge', 'service']],
    ['CloudFront, on a stage that keeps its data', production, ['data', 'edge', 'service']],
  ] as const)('with %s synthesizes, without an account', (_name, { app }, expected) => {
    const assembly = app.synth();
    expect(assembly.stacks.map(({ stackName }) => stackName.split('-')[2]).sort()).toEqual(expected);
    for (const { environment } of assembly.stacks) expect(environment.account).toBe('unknown-account');
  });

  test('with nothing is what it was: no domain, no CloudFront, no lock', () => {
    expect(plain.stacks.edge).toBeUndefined();
    const text = JSON.stringify(plain.service.toJSON());
    expect(text).not.toMatch(/CloudFront|ORIGIN_SECRET|DomainName"|DisableExecuteApiEndpoint|DomainTarget/);
  });

  test('with a web ACL alone leaves the service as the domain made it', () => {
    expect(walled.service.toJSON()).toEqual(named.service.toJSON());
  });

  test('keeps the one record of the domain when CloudFront comes in front of it', () => {
    const records = (template: typeof service) => Object.keys(template.findResources('AWS::Route53::RecordSet'));
    expect(records(named.service)).toHaveLength(1);
    expect(records(service)).toEqual(records(named.service));
  });

  test('without a hosted zone has no record, and says where the name has to lead', () => {
    production.service.resourceCountIs('AWS::Route53::RecordSet', 0);
    production.service.hasOutput('DomainTarget', {});
  });

  test('crosses no region: what the service needs of the web ACL is a setting', () => {
    expect(stacks.edge?.dependencies).toEqual([]);
    expect(JSON.stringify(service.toJSON())).not.toMatch(/Custom::CrossRegion/);
  });
});
