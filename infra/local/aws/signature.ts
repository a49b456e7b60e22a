import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { REGION } from '../template/environment.ts';
import { AwsError } from './aws-error.ts';
import type { AwsRequest } from './request.ts';

/** A key pair as the SDK is given it. Long-term keys have no session token and do not expire. */
export type KeyPair = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
};

/** What a good signature proves: whose key signed, and which service the request was signed for. */
export type Signed<Pair extends KeyPair> = { readonly pair: Pair; readonly service: string };

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** AWS accepts a signature for 15 minutes to either side of its own clock. */
const SKEW = 15 * 60 * 1000;

/**
 * Verifies Signature Version 4 (IAM user guide, "AWS Signature Version 4 for API requests") by recomputing all of it.
 *
 * @param now milliseconds since the epoch
 * @throws AwsError with the code AWS answers: MissingAuthenticationToken, IncompleteSignature, InvalidSignature,
 *   UnrecognizedClient or ExpiredToken (each + `Exception`)
 */
export function verifySignature<Pair extends KeyPair>(
  request: AwsRequest,
  findKey: (accessKeyId: string) => Pair | undefined,
  now: number,
): Signed<Pair> {
  const given = parseAuthorization(request);
  const timestamp = checkedDate(request, given.scopeDate, now);
  if (given.region !== REGION) throw invalid(`Credential should be scoped to a valid region, not '${given.region}'.`);
  checkSignedHeaders(request, given.signedHeaders);

  const pair = findKey(given.accessKeyId);
  const token = request.headers.get('x-amz-security-token');
  if (!pair || !equal(token ?? '', pair.sessionToken ?? '')) {
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (pair.expires !== undefined && pair.expires <= now) {
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  }

  const scope = `${given.scopeDate}/${given.region}/${given.service}/aws4_request`;
  const canonical = canonicalRequest(request, given.signedHeaders, given.service);
  const toSign = [ALGORITHM, timestamp, scope, sha256(canonical)].join('\n');
  const steps = [given.scopeDate, given.region, given.service, 'aws4_request'];
  const key = steps.reduce<Buffer>(hmac, Buffer.from(`AWS4${pair.secretAccessKey}`));
  if (!equal(hmac(key, toSign).toString('hex'), given.signature)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
  }
  return { pair, service: given.service };
}

/** The service that a request says it is signed for: what its errors must look like even when the signature is bad. */
export function claimedService(request: AwsRequest): string | undefined {
  const authorization = request.headers.get('authorization') ?? '';
  return /Credential=[^/,]+\/\d+\/[^/,]+\/([^/,]+)\/aws4_request/.exec(authorization)?.[1];
}

function parseAuthorization(request: AwsRequest) {
  const header = request.headers.get('authorization');
  if (header === undefined) {
    if (!/(^|&)X-Amz-Signature=/i.test(request.query)) {
      throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
    }
    throw new AwsError('IncompleteSignatureException', 'The local cloud does not serve presigned requests.');
  }
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, ?SignedHeaders=([a-z0-9;_-]+), ?Signature=([0-9a-f]{64})$/;
  const [, accessKeyId, scopeDate, region, service, signedHeaders, signature] = form.exec(header) ?? [];
  if (!accessKeyId || !scopeDate || !region || !service || !signedHeaders || !signature) {
    throw new AwsError('IncompleteSignatureException', 'The Authorization header is no AWS4-HMAC-SHA256 signature.');
  }
  return { accessKeyId, scopeDate, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** The signing time, checked against the scope's date and the clock. */
function checkedDate(request: AwsRequest, scopeDate: string, now: number): string {
  const timestamp = request.headers.get('x-amz-date') ?? '';
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw new AwsError('IncompleteSignatureException', `Date must be in ISO-8601 'basic format'.`);
  if (!timestamp.startsWith(scopeDate)) throw invalid('Date in Credential scope does not match that of x-amz-date.');
  if (Math.abs(now - at) > SKEW) {
    const clock = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '');
    throw invalid(`Signature expired: ${timestamp} is not within 15 min. of ${clock}`);
  }
  return timestamp;
}

/** `host` and every `x-amz-*` header that was sent must be signed, or a proxy could add what a service acts on. */
function checkSignedHeaders(request: AwsRequest, signed: readonly string[]): void {
  const required = ['host', ...[...request.headers.keys()].filter((name) => name.startsWith('x-amz-'))];
  const missing = required.find((name) => !signed.includes(name));
  if (missing) throw invalid(`'${missing}' must be a 'SignedHeader' in the AWS Authorization.`);
}

function canonicalRequest(request: AwsRequest, signed: readonly string[], service: string): string {
  const headers = signed.map((name) => `${name}:${canonicalHeader(request, name)}`);
  const path = service === 's3' ? request.path : canonicalPath(request.path);
  return [
    request.method,
    path,
    canonicalQuery(request.query),
    ...headers,
    '',
    signed.join(';'),
    payloadHash(request),
  ].join('\n');
}

function canonicalHeader(request: AwsRequest, name: string): string {
  const value = request.headers.get(name);
  if (value === undefined) throw invalid(`The signed header '${name}' is not in the request.`);
  return value.replaceAll(/[ \t]+/g, ' ').trim();
}

/** Every service but S3 normalises the path and encodes the encoded segments once more. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const trailing = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${trailing}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [encode(decode(name)), encode(decode(value.join('=')))] as const;
  });
  const ordered = pairs.sort(([a, x], [b, y]) => compare(a, b) || compare(x, y));
  return ordered.map(([name, value]) => `${name}=${value}`).join('&');
}

/** The hash of the body that was really sent; a header that claims another one is no signature of this body. */
function payloadHash(request: AwsRequest): string {
  const actual = sha256(request.body);
  const claimed = request.headers.get('x-amz-content-sha256');
  if (claimed !== undefined && claimed !== actual) {
    throw invalid(
      `The value of x-amz-content-sha256 is not the SHA-256 of the body (the local cloud wants it signed).`,
    );
  }
  return actual;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`The query holds "${text}", which is no percent-encoding.`);
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidSignatureException', message);
}
