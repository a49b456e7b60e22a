import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ofType, readable, synthesized } from './synthesized.ts';

const { service } = synthesized();

type LambdaFunction = { readonly Environment: { readonly Variables: Readonly<Record<string, string>> } };
const functions = Object.entries(ofType<LambdaFunction>(service, 'AWS::Lambda::Function'));

/** The function's own name, by its logical id without the hash. */
function nameOf(id: string): string | undefined {
  const [, found] = functions.find(([each]) => each.slice(0, -8) === id) ?? [];
  return found?.Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME;
}

type Integration = { readonly IntegrationUri: unknown; readonly ResponseParameters?: unknown };
const integrations = Object.entries(ofType<Integration>(service, 'AWS::ApiGatewayV2::Integration')).map(
  ([id, { Properties }]) => ({
    id,
    target: nameOf(readable(Properties.IntegrationUri)),
    mapping: Properties.ResponseParameters,
  }),
);

describe('routes', () => {
  type Route = { readonly RouteKey: string; readonly Target: unknown; readonly AuthorizationType: string };
  const routes = Object.values(ofType<Route>(service, 'AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);

  test('are explicit: each path its methods, and ANY to the same function', () => {
    const targets = new Map<string, string | undefined>(
      integrations.map(({ id, target }) => [`integrations/${id.slice(0, -8)}`, target]),
    );
    const table = routes.map(({ RouteKey, Target }) => `${RouteKey} → ${targets.get(readable(Target))}`);
    expect(table).toEqual([
      'GET /.well-known/oauth-authorization-server → well-known',
      'ANY /.well-known/oauth-authorization-server → well-known',
      'GET /.well-known/oauth-protected-resource → well-known',
      'ANY /.well-known/oauth-protected-resource → well-known',
      'GET /.well-known/oauth-protected-resource/mcp → well-known',
      'ANY /.well-known/oauth-protected-resource/mcp → well-known',
      'GET /.well-known/openid-configuration → well-known',
      'ANY /.well-known/openid-configuration → well-known',
      'GET /.well-known/jwks.json → well-known',
      'ANY /.well-known/jwks.json → well-known',
      'POST /register → register',
      'ANY /register → register',
      'GET /authorize → authorize',
      'ANY /authorize → authorize',
      'POST /consent → authorize',
      'ANY /consent → authorize',
      'GET /callback → authorize',
      'ANY /callback → authorize',
      'POST /token → token',
      'ANY /token → token',
      'POST /revoke → token',
      'ANY /revoke → token',
      'POST /mcp → mcp',
      'ANY /mcp → mcp',
    ]);
  });

  test('have neither an authorizer nor CORS: a refusal comes from a function, with its challenge', () => {
    expect(new Set(routes.map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set(['NONE']));
    service.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 0);
    service.allResourcesProperties('AWS::ApiGatewayV2::Api', {
      ProtocolType: 'HTTP',
      CorsConfiguration: Match.absent(),
    });
  });

  test('are throttled, every one of them', () => {
    type Stage = { readonly RouteSettings: Readonly<Record<string, unknown>>; readonly StageName: string };
    const [stage] = Object.values(ofType<Stage>(service, 'AWS::ApiGatewayV2::Stage'));
    expect(stage?.Properties.StageName).toBe('$default');
    expect(Object.keys(stage?.Properties.RouteSettings ?? {}).sort()).toEqual(
      routes.map(({ RouteKey }) => RouteKey).sort(),
    );
    expect(stage?.Properties.RouteSettings).toMatchObject({
      'POST /register': { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 40 },
      'ANY /register': { ThrottlingRateLimit: 1, ThrottlingBurstLimit: 40 },
      'POST /token': { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
      'GET /authorize': { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
      'POST /mcp': { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
    });
  });

  test('may each call their function, from this API and this path', () => {
    type Permission = { readonly FunctionName: unknown; readonly Principal: string; readonly SourceArn: unknown };
    const permissions = Object.values(ofType<Permission>(service, 'AWS::Lambda::Permission'))
      .filter(({ Properties }) => Properties.Principal === 'apigateway.amazonaws.com')
      .map(({ Properties }) => `${readable(Properties.SourceArn)} → ${nameOf(readable(Properties.FunctionName))}`);
    const paths = new Map(routes.map(({ RouteKey }) => RouteKey.split(' ')[1] ?? '').map((path) => [path, path]));
    expect(permissions).toHaveLength(paths.size);
    expect(permissions).toContain('arn:Partition:execute-api:Region:AccountId:FrontDoorApi/*/*/token → token');
    expect(permissions).toContain('arn:Partition:execute-api:Region:AccountId:FrontDoorApi/*/*/mcp → mcp');
    expect(permissions.filter((permission) => permission.includes('/*/*/*'))).toEqual([]);
  });

  test('log who asked, and never what is in a path or a query', () => {
    service.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: { Format: Match.stringLikeRegexp('^(?!.*(path|query|header|rawPath)).*routeKey') },
    });
  });
});

describe('a challenge', () => {
  const restored = {
    ResponseParameters: [
      { Destination: 'overwrite:header.www-authenticate', Source: '$response.header.x-gatehouse-challenge' },
      { Destination: 'remove:header.x-gatehouse-challenge', Source: "''" },
    ],
  };

  test.each(['register', 'token', 'mcp'])('of %s gets its name back, for 401 and 403', (name) => {
    const { mapping } = integrations.find(({ target }) => target === name) ?? {};
    expect(mapping).toEqual({ 401: restored, 403: restored });
  });

  test('is not looked for where none is sent', () => {
    const mapped = integrations.filter(({ mapping }) => mapping !== undefined).map(({ target }) => target);
    expect(mapped).toEqual(['register', 'token', 'mcp']);
  });
});
