import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ALWAYS } from '../http/headers.ts';
import { lockedOut, type OriginLock } from '../http/origin-lock.ts';
import { documentsOf, type Published } from './documents.ts';

/** An hour. Both keys of a rotation are published for longer than this plus the life of a token. */
const MAX_AGE = 3600;

const OPEN = { ...ALWAYS, 'access-control-allow-origin': '*' } as const;
const CACHED = { ...OPEN, 'content-type': 'application/json', 'cache-control': `public, max-age=${MAX_AGE}` } as const;
const UNCACHED = { ...OPEN, 'content-type': 'application/json', 'cache-control': 'no-store' } as const;

type Asked = Pick<APIGatewayProxyEventV2, 'rawPath' | 'requestContext'> &
  Partial<Pick<APIGatewayProxyEventV2, 'headers'>>;

/**
 * GET /.well-known/*. Constant bytes, so this handler has a translation of the payload 2.0 event of its own and loads
 * neither middy nor a logger nor an SDK: it starts in a few milliseconds, and no AWS call is ever on its path. The
 * gateway's access log says who asked. Readable from any web page (CORS), because browser clients begin here.
 */
export function createWellKnown(
  published: Published,
  lock?: OriginLock,
): (event: Asked) => Promise<APIGatewayProxyStructuredResultV2> {
  const documents = documentsOf(published);
  return async ({ rawPath, requestContext, headers }) => {
    if (lock && !lock.opens(headers ?? {})) {
      const { status, body = '' } = lockedOut();
      return answer(status, UNCACHED, body);
    }
    const document = documents.get(rawPath);
    const { method } = requestContext.http;
    if (document === undefined) return answer(404, UNCACHED, JSON.stringify({ error: 'not_found' }));
    if (method === 'GET') return answer(200, CACHED, document);
    if (method === 'HEAD') return answer(200, CACHED, '');
    if (method === 'OPTIONS') return answer(204, { ...OPEN, ...PREFLIGHT }, '');
    return answer(405, { ...UNCACHED, allow: 'GET, HEAD' }, JSON.stringify({ error: 'method_not_allowed' }));
  };
}

/** Clients in a browser announce their protocol revision when they look for metadata, which makes it a preflight. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'mcp-protocol-version, content-type, accept',
  'access-control-max-age': '86400',
  'cache-control': 'no-store',
} as const;

function answer(statusCode: number, headers: Readonly<Record<string, string>>, body: string) {
  return { statusCode, headers: { ...headers }, body, isBase64Encoded: false };
}
