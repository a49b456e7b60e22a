import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import type { RoutePattern } from './routes.ts';

type Question = {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly api: Resource;
  readonly pattern: RoutePattern;
  readonly functionArn: string;
};

/**
 * Requires an AWS::Lambda::Permission that lets API Gateway invoke the function for this API and route. Without one the
 * deployed route would answer 500 to everybody.
 *
 * @throws Problem that names the route and the function
 */
export function requirePermission({ assembly, resolver, api, pattern, functionArn }: Question): void {
  const source = sourceArn(resolver, api, pattern);
  const permitted = assembly.ofType('AWS::Lambda::Permission').some((permission) => {
    const property = (name: string) => {
      const value = permission.properties[name];
      return value === undefined ? undefined : String(resolver.resolve(permission.stack, value));
    };
    const target = property('FunctionName');
    return (
      (target === functionArn || target === functionArn.split(':').at(-1)) &&
      property('Action') === 'lambda:InvokeFunction' &&
      property('Principal') === 'apigateway.amazonaws.com' &&
      (property('SourceAccount') ?? source.split(':')[4]) === source.split(':')[4] &&
      arnLike(property('SourceArn') ?? '*:*:*:*:*:*', source)
    );
  });
  if (permitted) return;
  throw new Problem(
    `Route "${pattern.key}": no AWS::Lambda::Permission lets API Gateway invoke ${functionArn} as ${source}. Deployed, it would answer 500.`,
  );
}

/**
 * What API Gateway calls from: `…:<api>/<stage>/<method><path>`. For ANY the method is whatever the request has, so
 * only a wildcard can permit all of them; `ANY` stands here for a method that no permission spells out.
 */
function sourceArn(resolver: Resolver, api: Resource, { key, method }: RoutePattern): string {
  const pseudo = (name: string) => String(resolver.resolve(api.stack, { Ref: `AWS::${name}` }));
  const path = key === '$default' ? '$default' : `${method}${key.slice(key.indexOf(' ') + 1)}`;
  const owner = `${pseudo('Region')}:${pseudo('AccountId')}`;
  return `arn:${pseudo('Partition')}:execute-api:${owner}:${resolver.ref(api)}/$default/${path}`;
}

/** IAM's ArnLike: `*` and `?` in each of the six parts, none across a colon but in the last. */
function arnLike(pattern: string, arn: string): boolean {
  const [wanted, actual] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === actual.length && wanted.every((part, index) => like(part, actual[index] ?? ''));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function like(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}
