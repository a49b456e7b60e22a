import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import { type Integration, readIntegration } from './integration.ts';
import { requirePermission } from './permission.ts';
import { byPrecedence, parseRouteKey, type RoutePattern, refuseDuplicates } from './routes.ts';
import { createThrottle, readLimits, type Throttle } from './throttle.ts';

export type Route = { readonly pattern: RoutePattern; readonly integration: Integration; readonly throttle: Throttle };

/** The one HTTP API of the assembly, its routes in order of precedence. */
export type Api = { readonly id: string; readonly accountId: string; readonly routes: readonly Route[] };

/** Strict: CORS, quick create and an OpenAPI body all make an API that its routes alone do not describe. */
const ApiProperties = z.strictObject({
  Name: z.unknown().optional(),
  Description: z.unknown().optional(),
  Version: z.unknown().optional(),
  Tags: z.unknown().optional(),
  IpAddressType: z.unknown().optional(),
  ProtocolType: z.literal('HTTP'),
  // The default endpoint is what runs here, whatever domain the deployed API has.
  DisableExecuteApiEndpoint: z.unknown().optional(),
});

const RouteProperties = z.strictObject({
  ApiId: z.json(),
  RouteKey: z.string(),
  Target: z.json(),
  OperationName: z.unknown().optional(),
  AuthorizationType: z.literal('NONE').optional(),
  ApiKeyRequired: z.literal(false).optional(),
});

/**
 * Reads the HTTP API of an assembly.
 *
 * @throws Problem for everything the local gateway does not run: no or several APIs, WebSocket, CORS, an authorizer, two
 * routes for one request, a route whose function API Gateway may not invoke
 */
export function readApi(assembly: Assembly, resolver: Resolver): Api {
  const [api, ...others] = assembly.ofType('AWS::ApiGatewayV2::Api');
  if (!api || others.length > 0) {
    throw new Problem(
      `The local gateway runs exactly one HTTP API; the template has ${api ? others.length + 1 : 'none'}.`,
    );
  }
  check(api, ApiProperties);
  const id = resolver.ref(api);
  const resources = assembly.ofType('AWS::ApiGatewayV2::Route').map((resource) => {
    const properties = check(resource, RouteProperties);
    return { resource, properties, pattern: parseRouteKey(properties.RouteKey) };
  });
  const patterns = resources.map(({ pattern }) => pattern);
  refuseDuplicates(patterns);
  const limits = readLimits(
    assembly,
    resolver,
    id,
    patterns.map(({ key }) => key),
  );
  const routes = resources.map(({ resource, properties, pattern }): Route => {
    const integration = integrationOf(assembly, resolver, resource, properties.Target);
    requirePermission({ assembly, resolver, api, pattern, functionArn: integration.functionArn });
    return { pattern, integration, throttle: createThrottle(limits(pattern.key)) };
  });
  return {
    id,
    accountId: String(resolver.resolve(api.stack, { Ref: 'AWS::AccountId' })),
    routes: routes.sort((a, b) => byPrecedence(a.pattern, b.pattern)),
  };
}

function integrationOf(
  assembly: Assembly,
  resolver: Resolver,
  route: Resource,
  target: z.core.util.JSONType,
): Integration {
  const resolved = String(resolver.resolve(route.stack, target));
  const integration = assembly
    .ofType('AWS::ApiGatewayV2::Integration')
    .find((candidate) => resolved === `integrations/${resolver.ref(candidate)}`);
  if (integration) return readIntegration(assembly, resolver, integration);
  throw new Problem(
    `${route.stack}/${route.id}: its target is "${resolved}", which is no integration of the template.`,
  );
}

function check<Shape extends z.ZodType>(resource: Resource, shape: Shape): z.output<Shape> {
  const parsed = shape.safeParse(resource.properties);
  if (parsed.success) return parsed.data;
  const where = `${resource.stack}/${resource.id} (${resource.type})`;
  throw new Problem(`${where}: the local gateway does not run it: ${z.prettifyError(parsed.error)}`);
}
