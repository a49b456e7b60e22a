import { signedHeaders } from '../../infra/cli/doctor/sign.ts';

/** Whom to ask, and as whom: as the AWS SDK has it in its environment. */
export type Caller = {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

/** An operation of a service that speaks AWS JSON 1.1. */
export type Operation = { readonly service: string; readonly target: string; readonly input: unknown };

/**
 * One signed call of a service whose SDK client is no dependency of this repository.
 *
 * @throws Error with the operation and what AWS answered
 */
export async function call(caller: Caller, { service, target, input }: Operation): Promise<unknown> {
  const body = JSON.stringify(input);
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  const url = new URL(caller.endpoint);
  const signed = await signedHeaders(caller, { service, url, headers, body });
  const response = await fetch(url, { method: 'POST', headers: signed, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}
