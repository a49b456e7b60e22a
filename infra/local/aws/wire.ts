import { AwsError } from './aws-error.ts';
import type { Answer, Protocol } from './operation.ts';

const CONTENT_TYPES: Readonly<Record<Protocol, string>> = {
  'json-1.0': 'application/x-amz-json-1.0',
  'json-1.1': 'application/x-amz-json-1.1',
  'rest-json': 'application/json',
  query: 'text/xml',
  'rest-xml': 'application/xml',
};

export function contentType(protocol: Protocol): string {
  return CONTENT_TYPES[protocol];
}

/** Refusals of the caller rather than of the call: 403 everywhere but in the two awsJson protocols. */
const ABOUT_THE_CALLER = new Set([
  'AccessDeniedException',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'UnrecognizedClientException',
]);

/** The services of the two XML protocols have older names for the same refusals. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
  IncompleteSignatureException: 'IncompleteSignature',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  UnrecognizedClientException: 'InvalidClientTokenId',
};
const S3_CODES: Readonly<Record<string, string>> = {
  ...QUERY_CODES,
  UnrecognizedClientException: 'InvalidAccessKeyId',
};

/** Writes an error the way the service's SDK client reads it. */
export function errorAnswer(error: AwsError, protocol: Protocol, requestId: string): Answer {
  const isJson = protocol === 'json-1.0' || protocol === 'json-1.1';
  const status = !isJson && ABOUT_THE_CALLER.has(error.code) ? 403 : error.status;
  switch (protocol) {
    case 'json-1.0':
    case 'json-1.1':
      return { status, body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }) };
    case 'rest-json':
      return {
        status,
        headers: { 'x-amzn-errortype': error.code },
        body: JSON.stringify({ message: error.message, ...error.members }),
      };
    case 'query': {
      const body = errorXml(QUERY_CODES[error.code] ?? error.code, error.message, '<Type>Sender</Type>');
      return {
        status,
        body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${body}<RequestId>${requestId}</RequestId></ErrorResponse>`,
      };
    }
    case 'rest-xml': {
      const body = errorXml(S3_CODES[error.code] ?? error.code, error.message, `<RequestId>${requestId}</RequestId>`);
      return { status, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
    }
  }
}

/** What a caller learns about a bug of the local cloud: that there is one. */
export function internalFailure(): AwsError {
  return new AwsError('InternalFailure', 'The local cloud failed. Its terminal says how.', 500);
}

function errorXml(code: string, message: string, more: string): string {
  return `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>${more}</Error>`;
}

/** Text as XML content. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
