import { ok, type Result, refuse } from '../result.ts';

export type ResourceRefusal =
  | { readonly reason: 'resource-repeated'; readonly count: number }
  | { readonly reason: 'resource-unknown'; readonly requested: string; readonly expected: string };

/**
 * The resource a request is for (RFC 8707 section 2). There is one, so absent means that one. Its scheme and host may be
 * written in any case and one trailing slash is forgiven, because real clients do both; everything else is another
 * resource, and a token for another resource is not ours to issue.
 */
export function requestedResource(values: readonly string[], own: string): Result<string, ResourceRefusal> {
  if (values.length > 1) return refuse({ reason: 'resource-repeated', count: values.length });
  const [requested] = values;
  if (requested === undefined || requested === own) return ok(own);
  const unknown = { reason: 'resource-unknown', requested, expected: own } as const;
  const written = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*)(\/[^?#]*)$/.exec(requested);
  if (written === null) return refuse(unknown);
  const [, origin = '', path = ''] = written;
  const normalised = origin.toLowerCase() + (path.endsWith('/') ? path.slice(0, -1) : path);
  return normalised === own ? ok(own) : refuse(unknown);
}
