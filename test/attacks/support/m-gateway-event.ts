import type { Cloud } from '../../../infra/local/cloud.ts';
import { functionNamed } from './t-roles.ts';

type Parts = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** What a function answered, before the gateway had its say. */
export type FunctionAnswer = { readonly statusCode: number; readonly headers: Readonly<Record<string, string>> };

/**
 * Invokes a function with an event that the local gateway would not let through, or to see what the gateway made of an
 * answer: payload format 2.0, as API Gateway sends it.
 */
export async function invokeAs(cloud: Cloud, name: string, parts: Parts): Promise<FunctionAnswer> {
  const { method = 'POST', path = '/mcp', headers = {}, body = '' } = parts;
  const event = {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { host: new URL(cloud.issuer).host, 'content-type': 'application/json', ...headers },
    requestContext: { http: { method, path, sourceIp: '127.0.0.1' }, requestId: 'event-of-a-test', stage: '$default' },
    body,
    isBase64Encoded: false,
  };
  const { payload } = await cloud.invoke(cloud.resolver.arn(functionNamed(cloud, name)), event);
  return payload as FunctionAnswer;
}
