import { Problem } from '../../problem.ts';

/** A route key, taken apart: `POST /token`, `ANY /files/{name+}`, `$default`. */
export type RoutePattern = { readonly key: string; readonly method: string; readonly segments: readonly Segment[] };

type Segment =
  | { readonly kind: 'exact'; readonly text: string }
  | { readonly kind: 'variable' | 'greedy'; readonly name: string };

export type Match<Route> = { readonly route: Route; readonly parameters: Readonly<Record<string, string>> };

/** The methods an HTTP API routes; `ANY` stands for each of them. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Takes a route key apart.
 *
 * @throws Problem for a key that no HTTP API has
 */
export function parseRouteKey(key: string): RoutePattern {
  if (key === '$default') return { key, method: 'ANY', segments: [] };
  const [method = '', path = '', ...rest] = key.split(' ');
  const segments = path.slice(1).split('/').map(parseSegment);
  const greedy = segments.findIndex((segment) => segment.kind === 'greedy');
  const known = method === 'ANY' || METHODS.includes(method);
  if (!known || !path.startsWith('/') || rest.length > 0 || (greedy >= 0 && greedy < segments.length - 1)) {
    throw new Problem(
      `The route key "${key}" is none of an HTTP API. It has the form "POST /path/{name}" or "$default".`,
    );
  }
  return { key, method, segments };
}

function parseSegment(text: string): Segment {
  const [, name, plus] = /^\{([\w.-]+)(\+?)\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: 'exact', text };
  return { kind: plus ? 'greedy' : 'variable', name };
}

/**
 * Refuses two routes for the same requests: `GET /a/{x}` and `GET /a/{y}` differ in nothing a request shows.
 *
 * @throws Problem that names both
 */
export function refuseDuplicates(patterns: readonly RoutePattern[]): void {
  const seen = new Map<string, string>();
  for (const { key, method, segments } of patterns) {
    const shape = segments.map((segment) => (segment.kind === 'exact' ? segment.text : `{${segment.kind}}`)).join('/');
    const signature = key === '$default' ? key : `${method} ${shape}`;
    const earlier = seen.get(signature);
    if (earlier !== undefined) throw new Problem(`The routes "${earlier}" and "${key}" match the same requests.`);
    seen.set(signature, key);
  }
}

/**
 * Orders routes so that the first that matches is API Gateway's choice: a full match, then a path variable, then a
 * greedy one, then $default; for the same path the method itself before ANY ("Create routes for HTTP APIs", Routing API
 * requests).
 */
export function byPrecedence(a: RoutePattern, b: RoutePattern): number {
  const [ranksA, ranksB] = [ranksOf(a), ranksOf(b)];
  for (const [index, rank] of ranksA.entries()) {
    const other = ranksB[index];
    if (other === undefined || rank !== other) return rank - (other ?? 0);
  }
  return ranksA.length - ranksB.length || Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

function ranksOf({ key, segments }: RoutePattern): readonly number[] {
  if (key === '$default') return [RANK.default];
  return segments.map((segment) => RANK[segment.kind]);
}

const RANK = { exact: 0, variable: 1, greedy: 2, default: 3 };

/** The route for a request, out of routes in order of precedence. `path` is decoded, as API Gateway matches it. */
export function matchRoute<Route extends { readonly pattern: RoutePattern }>(
  routes: readonly Route[],
  method: string,
  path: string,
): Match<Route> | undefined {
  if (!METHODS.includes(method)) return undefined;
  for (const route of routes) {
    if (route.pattern.method !== 'ANY' && route.pattern.method !== method) continue;
    const parameters = parametersOf(route.pattern, path);
    if (parameters) return { route, parameters };
  }
  return undefined;
}

function parametersOf({ key, segments }: RoutePattern, path: string): Record<string, string> | undefined {
  const parameters: Record<string, string> = Object.create(null);
  if (key === '$default') return parameters;
  const parts = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const part = segment.kind === 'greedy' ? parts.slice(index).join('/') : parts[index];
    if (segment.kind === 'exact' ? part !== segment.text : !part) return undefined;
    if (segment.kind === 'greedy') return { ...parameters, [segment.name]: part ?? '' };
    if (segment.kind === 'variable') parameters[segment.name] = part ?? '';
  }
  return parts.length === segments.length ? parameters : undefined;
}
