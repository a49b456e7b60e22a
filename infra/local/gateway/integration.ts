import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Assembly, Resource } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import { parseMappings, type ResponseMappings } from './mapping.ts';

/** A Lambda proxy integration: which function answers, how long it may take, what happens to its answer. */
export type Integration = {
  readonly functionArn: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly mappings: ResponseMappings;
};

/** Strict, because a property that is not understood (request mapping, credentials, VPC link) changes what is deployed. */
const Properties = z.strictObject({
  ApiId: z.unknown().optional(),
  Description: z.string().optional(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.json(),
  IntegrationMethod: z.literal('POST').optional(),
  ConnectionType: z.literal('INTERNET').optional(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: z.int().min(50).max(30_000).default(30_000),
  ResponseParameters: z.json().optional(),
});

/**
 * Reads an integration.
 *
 * @throws Problem when it is no Lambda proxy with payload 2.0, names no function of the template, or maps in a way the
 * local gateway does not know
 */
export function readIntegration(assembly: Assembly, resolver: Resolver, resource: Resource): Integration {
  const where = `${resource.stack}/${resource.id}`;
  const parsed = Properties.safeParse(resource.properties);
  if (!parsed.success)
    throw new Problem(`${where}: the local gateway does not run it: ${z.prettifyError(parsed.error)}`);
  const { IntegrationUri, TimeoutInMillis, ResponseParameters } = parsed.data;
  const uri = String(resolver.resolve(resource.stack, IntegrationUri));
  const functionArn = /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? uri;
  const known = assembly.ofType('AWS::Lambda::Function').some((candidate) => resolver.arn(candidate) === functionArn);
  if (!known) throw new Problem(`${where}: IntegrationUri is ${uri}, which is no function of the template.`);
  return { functionArn, timeout: TimeoutInMillis, mappings: parseMappings(where, ResponseParameters) };
}
