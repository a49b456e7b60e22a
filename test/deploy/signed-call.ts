import { createHash, createHmac } from 'node:crypto';

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
 * One call with Signature Version 4 (IAM user guide, "Create a signed AWS API request"), for a service whose SDK client
 * is no dependency of this repository.
 *
 * @throws Error with the operation and what AWS answered
 */
export async function call(caller: Caller, { service, target, input }: Operation): Promise<unknown> {
  const body = JSON.stringify(input);
  const { host } = new URL(caller.endpoint);
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const date = time.slice(0, 8);
  const headers = { 'content-type': 'application/x-amz-json-1.1', host, 'x-amz-date': time, 'x-amz-target': target };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', '', lines.join(''), names, sha256(body)].join('\n');
  const steps = [date, caller.region, service, 'aws4_request'];
  const key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${caller.secretAccessKey}`));
  const scope = steps.join('/');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  const credential = `Credential=${caller.accessKeyId}/${scope}`;
  const response = await fetch(caller.endpoint, {
    method: 'POST',
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`,
    },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
