import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

/** As whom, and where. `sessionToken` comes with credentials of a role. */
export type Signer = {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

/** What is to be signed: a POST of this body, with these headers. */
export type Post = {
  readonly service: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** The headers of a POST with Signature Version 4 (IAM user guide, "Create a signed AWS API request"), by the SDK's signer. */
export async function signedHeaders(
  { region, accessKeyId, secretAccessKey, sessionToken }: Signer,
  { service, url, headers, body }: Post,
): Promise<Readonly<Record<string, string>>> {
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const signer = new SignatureV4({ region, service, credentials, sha256: Sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { ...headers, host: url.host },
    body,
  });
  return signed.headers;
}
