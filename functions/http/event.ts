import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseCookie } from 'cookie';
import type { HttpRequest, HttpResponse } from './message.ts';

/**
 * API Gateway HTTP API payload format 2.0 to our request value, and back. The only file that knows that shape.
 *
 * Two facts of the format decide this file: a body arrives in base64 unless its type is text, JSON, XML or JavaScript
 * (every form post does), and repeated query parameters survive only in `rawQueryString`.
 */
export function toRequest(event: APIGatewayProxyEventV2): HttpRequest {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(event.headers)) headers[name.toLowerCase()] = value;
  return {
    method: event.requestContext.http.method,
    path: event.rawPath,
    query: [...new URLSearchParams(event.rawQueryString)],
    rawQuery: event.rawQueryString,
    headers,
    // API Gateway always takes them out of the header; emulators leave them there.
    cookies: parseCookie((event.cookies ?? [headers.cookie ?? '']).join('; ')),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    requestId: event.requestContext.requestId,
  };
}

/**
 * Our response value as payload 2.0 wants it. `statusCode` is always set: without it the gateway would turn whatever
 * was returned into a 200 with a JSON body.
 */
export function toResult(response: HttpResponse): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: response.status,
    headers: { ...response.headers },
    ...(response.cookies?.length ? { cookies: [...response.cookies] } : {}),
    body: response.body ?? '',
    isBase64Encoded: false,
  };
}
