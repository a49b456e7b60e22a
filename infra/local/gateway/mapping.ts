import * as z from 'zod';
import { Problem } from '../../problem.ts';
import type { Json } from '../template/json.ts';
import { parseSource, type Source } from './mapping-source.ts';

/**
 * Response parameter mapping of HTTP APIs ("Transform API requests and responses for HTTP APIs"). Everything is
 * understood at the start or refused there; at a request nothing is left but to apply it.
 */

type Change =
  | { readonly kind: 'append' | 'overwrite'; readonly header: string; readonly source: Source }
  | { readonly kind: 'remove'; readonly header: string }
  | { readonly kind: 'status'; readonly source: Source };

/** The changes for each status code an integration may answer. */
export type ResponseMappings = ReadonlyMap<number, readonly Change[]>;

/** An answer on its way out. Header names are lower-case. */
export type MappedResponse = { readonly status: number; readonly headers: ReadonlyMap<string, string> };

const Mappings = z.record(
  z.string().regex(/^[2-5]\d\d$/, 'a status code from 200 to 599'),
  z.strictObject({
    ResponseParameters: z.array(z.strictObject({ Destination: z.string(), Source: z.string() })),
  }),
);

/** Headers that no mapping may read or write ("Reserved headers"); a trailing `*` stands for any rest. */
const RESERVED =
  'access-control-* apigw-* authorization connection content-encoding content-length content-location forwarded keep-alive origin proxy-authenticate proxy-authorization te trailers transfer-encoding upgrade x-amz-* x-amzn-* x-forwarded-for x-forwarded-host x-forwarded-proto via'.split(
    ' ',
  );

/**
 * Reads an integration's `ResponseParameters`.
 *
 * @throws Problem for a reserved header, and for every form that is not known: never guessed
 */
export function parseMappings(where: string, value: Json | undefined): ResponseMappings {
  const parsed = Mappings.safeParse(value ?? {});
  if (!parsed.success) throw new Problem(`${where}: ResponseParameters: ${z.prettifyError(parsed.error)}`);
  const mappings = new Map<number, readonly Change[]>();
  for (const [status, { ResponseParameters }] of Object.entries(parsed.data)) {
    const destinations = ResponseParameters.map(({ Destination }) => Destination.toLowerCase());
    const twice = destinations.find((destination, index) => destinations.indexOf(destination) !== index);
    if (twice) throw new Problem(`${where}: ResponseParameters for ${status} change "${twice}" twice.`);
    const changes = ResponseParameters.map(({ Destination, Source }) => parseChange(Destination, Source));
    const failed = changes.find((change) => typeof change === 'string');
    if (failed) throw new Problem(`${where}: ResponseParameters for ${status}: ${failed}`);
    mappings.set(
      Number(status),
      changes.filter((change) => typeof change !== 'string'),
    );
  }
  return mappings;
}

function parseChange(destination: string, text: string): Change | string {
  const source = parseSource(text);
  if (typeof source === 'string') return source;
  if (source.header !== undefined && isReserved(source.header)) return `the header "${source.header}" is reserved.`;
  if (destination === 'overwrite:statuscode') return { kind: 'status', source };
  const [, kind, name = ''] = /^(append|overwrite|remove):header\.([!#$%&'*+.^_`|~\w-]+)$/.exec(destination) ?? [];
  const header = name.toLowerCase();
  if (isReserved(header)) return `the header "${name}" is reserved.`;
  switch (kind) {
    case 'append':
    case 'overwrite':
      return { kind, header, source };
    case 'remove':
      return text === "''" || text === '' ? { kind, header } : `"${destination}" takes the value '', not "${text}".`;
    default:
      return `"${destination}" is no destination of a response. Known: append|overwrite|remove:header.<name>, overwrite:statuscode.`;
  }
}

function isReserved(header: string): boolean {
  return RESERVED.some((name) => (name.endsWith('*') ? header.startsWith(name.slice(0, -1)) : header === name));
}

/** Facts of the request and the answer's body, which mapped values may come from. */
export type MappingContext = { readonly body: Buffer; readonly variables: Readonly<Record<string, string>> };

/**
 * Applies the changes for the answer's status code. Every value is taken from the answer as the function gave it, so
 * the order of the changes means nothing; where there is no value, nothing is written.
 */
export function applyMappings(
  mappings: ResponseMappings,
  response: MappedResponse,
  context: MappingContext,
): MappedResponse {
  const headers = new Map(response.headers);
  let status = response.status;
  for (const change of mappings.get(response.status) ?? []) {
    if (change.kind === 'remove') {
      headers.delete(change.header);
      continue;
    }
    const value = change.source.value(response.headers, context);
    if (value === undefined) continue;
    if (change.kind === 'status') status = /^[2-5]\d\d$/.test(value) ? Number(value) : status;
    else if (change.kind === 'overwrite') headers.set(change.header, value);
    else headers.set(change.header, [headers.get(change.header), value].filter((each) => each !== undefined).join(','));
  }
  return { status, headers };
}
