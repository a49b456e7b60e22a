import { type Answer, ask } from './ask.ts';
import { type Signer, signedHeaders } from './sign.ts';

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
 * One signed call: AWS JSON 1.1 for SSM and ACM, the query protocol for STS and RDS. The body of the answer, JSON or XML.
 *
 * @param endpoint instead of AWS's own, as AWS_ENDPOINT_URL says it
 * @throws Refused, or NoAnswer of {@link ask}
 */
export async function call(caller: Signer, operation: Operation, endpoint?: string): Promise<string> {
  const { service } = operation;
  const suffix = caller.region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL('/', endpoint ?? `https://${service}.${caller.region}.${suffix}`);
  const [body, kind] =
    'form' in operation
      ? [new URLSearchParams(operation.form).toString(), FORM]
      : [JSON.stringify(operation.input), { ...JSON_1_1, 'x-amz-target': operation.target }];
  const headers = await signedHeaders(caller, { service, url, headers: kind, body });
  const answer = await ask(url, { method: 'POST', headers, body });
  if (answer.status === 200) return answer.text;
  throw refusalOf(answer);
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_1_1 = { 'content-type': 'application/x-amz-json-1.1' };

function refusalOf({ status, text }: Answer): Refused {
  const json = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1];
  const code = json ?? elementIn(text, 'Code') ?? `status ${status}`;
  return new Refused(code, elementIn(text, 'Message') ?? /"[mM]essage"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? '');
}

/** The text of the first such element of an XML answer. */
export function elementIn(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
