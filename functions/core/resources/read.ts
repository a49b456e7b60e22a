import { fenceResult } from '../fence/structured.ts';
import { ok, type Result, refuse } from '../result.ts';
import { admit, type ReadPorts, type Requested, runRecorded } from '../tools/admit.ts';
import { digestMeta } from '../tools/answer.ts';
import { readInput } from '../tools/input.ts';
import { produce } from '../tools/produce.ts';
import { record } from '../tools/record.ts';
import { type RpcRefusal, refusalOf } from '../tools/refusal.ts';
import { MIME_TYPE, type RegisteredResource, type ResourceRegistry } from './registry.ts';
import { URI_LIMIT } from './uri-template.ts';

export type ResourcePorts = ReadPorts & { readonly resources: ResourceRegistry };

/** One resources/read of one verified caller. */
export type ResourceRead = Omit<Requested, 'kind' | 'name' | 'arguments'> & { readonly uri: string };

/** The result of a resources/read, as MCP spells it. */
export type ResourceAnswer = {
  readonly contents: readonly {
    readonly uri: string;
    readonly mimeType: string;
    readonly text: string;
    readonly _meta: Readonly<Record<string, unknown>>;
  }[];
  readonly _meta: Readonly<Record<string, unknown>>;
};

/**
 * Reads a resource for a caller, by the rules of a tool's call: may they, do the values fit, run it, record it, fence what
 * it gives. What is not there is an error and never empty contents (MCP 2026-07-28, resources, error handling).
 */
export async function readResource(
  ports: ResourcePorts,
  { uri, ...read }: ResourceRead,
): Promise<Result<ResourceAnswer, RpcRefusal>> {
  const found = ports.resources.find(uri);
  const call: Requested = { ...read, kind: 'resource', name: '', arguments: { uri } };
  if (!found) {
    const judgement = { phase: 'call', decision: 'invalid', reason: 'unknown-resource' } as const;
    const recorded = await record(ports.audit, call, undefined, judgement);
    return refuse(recorded ? missing(uri) : failed(ports, call, uri, { code: 'audit_unavailable' }));
  }
  const { resource, values } = found;
  const parameters = await admit(ports, call, resource, () => readInput({ input: resource.parameters }, { ...values }));
  if (!parameters.ok) return refuse(failed(ports, call, uri, parameters.error));
  const outcome = await runRecorded(ports, call, resource, (context) => produced(resource, parameters.value, context));
  if (!outcome.ok) return refuse(failed(ports, call, uri, outcome.error));
  const { value, notes } = outcome.value;
  if (value === undefined) return refuse(missing(uri));
  const fence = { source: `resource:${resource.name}`, nonce: ports.nonce(), links: ports.links };
  const { text: fenced, meta } = fenceResult(value, fence);
  const text = [...notes, fenced].join('\n');
  const _meta = { ...meta, ...digestMeta(resource) };
  return ok({ contents: [{ uri, mimeType: MIME_TYPE, text, _meta }], _meta });
}

class Missing extends Error {}

/** What `read` gives, held to its schema; `undefined` when it says that there is nothing. */
async function produced(resource: RegisteredResource, parameters: object, context: Parameters<typeof produce>[2]) {
  const run = async (input: never, given: never) => {
    const value = await resource.read(input, given);
    if (value === null) throw new Missing();
    return value;
  };
  return produce({ run, output: resource.output }, parameters, context).catch((error: unknown) => {
    if (error instanceof Missing) return undefined;
    throw error;
  });
}

function missing(uri: string): RpcRefusal {
  const message = 'There is no resource of this URI. resources/list and resources/templates/list say what there is.';
  return { fault: 'params', message, ...dataOf(uri) };
}

function failed(
  { nonce }: ResourcePorts,
  { requestId, log }: Requested,
  uri: string,
  failure: Parameters<typeof refusalOf>[0],
): RpcRefusal {
  log.add({ failure: failure.code });
  const refusal = refusalOf(failure, { kind: 'resource', requestId, nonce: nonce() });
  return { ...refusal, data: { ...refusal.data, ...dataOf(uri).data } };
}

/** MCP wants the URI back. It is the caller's text, so it is given back only where it can hide nothing: as a URI. */
function dataOf(uri: string): { readonly data?: { readonly uri: string } } {
  return uri.length <= URI_LIMIT && /^[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,/:;=?@[\]_~A-Za-z0-9.-]*$/.test(uri)
    ? { data: { uri } }
    : {};
}
