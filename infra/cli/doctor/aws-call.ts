import { createHash, createHmac } from 'node:crypto';
import { type Answer, ask } from './ask.ts';

/** As whom, and where. `sessionToken` comes with credentials of a role. */
export type Caller = {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

/** An operation of a service that is asked here and for which this checkout has no SDK client. */
export type Operation =
  | { readonly service: 'ssm' | 'acm'; readonly target: string; readonly input: unknown }
  | { readonly service: 'sts' | 'rds'; readonly form: Readonly<Record<string, string>> };

/** AWS answered, and not with what was asked for. `code` is AWS's own, such as ParameterNotFound. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/**
 * One call with Signature Version 4 (IAM user guide, "Create a signed AWS API request"): AWS JSON 1.1 for SSM and ACM,
 * the query protocol for STS and RDS. The body of the answer, JSON or XML.
 *
 * @param endpoint instead of AWS's own, as AWS_ENDPOINT_URL says it
 * @throws Refused, or NoAnswer of {@link ask}
 */
export async function call(caller: Caller, operation: Operation, endpoint?: string): Promise<string> {
  const { service } = operation;
  const suffix = caller.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL('/', endpoint ?? `https://${service}.${caller.region}.${suffix}`);
  const [body, kind] =
    'form' in operation
      ? [new URLSearchParams(operation.form).toString(), FORM]
      : [JSON.stringify(operation.input), { ...JSON_1_1, 'x-amz-target': operation.target }];
  const answer = await ask(url, { method: 'POST', headers: signed(caller, { service, url, body, kind }), body });
  if (answer.status === 200) return answer.text;
  throw refusalOf(answer);
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_1_1 = { 'content-type': 'application/x-amz-json-1.1' };

type Unsigned = {
  readonly service: string;
  readonly url: URL;
  readonly body: string;
  readonly kind: Readonly<Record<string, string>>;
};

function signed(caller: Caller, { service, url, body, kind }: Unsigned): Readonly<Record<string, string>> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const headers: Readonly<Record<string, string>> = {
    ...kind,
    host: url.host,
    'x-amz-date': time,
    ...(caller.sessionToken !== undefined && { 'x-amz-security-token': caller.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = ['POST', '/', '', lines, names.join(';'), sha256(body)].join('\n');
  const steps = [time.slice(0, 8), caller.region, service, 'aws4_request'];
  const key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${caller.secretAccessKey}`));
  const scope = steps.join('/');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${caller.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...headers, authorization };
}

function refusalOf({ status, text }: Answer): Refused {
  const json = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1];
  const code = json ?? elementIn(text, 'Code') ?? `status ${status}`;
  return new Refused(code, elementIn(text, 'Message') ?? /"[mM]essage"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? '');
}

/** The text of the first such element of an XML answer. */
export function elementIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
