import * as z from 'zod';
import { group } from './settings-rules.ts';
import { settingAt, shown, wrong } from './settings-sentences.ts';

/** The settings `domain` and `edge`: by what name, and through what, the server is reached. */

const noName = wrong(
  'which is no name of a host',
  'Write it like mcp.example.com: lower-case, with a dot, without https:// and without a path',
);
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const hostName = z
  .string(noName)
  .max(253, noName)
  .regex(new RegExp(`^(?:${label}\\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$`), noName);

const noCertificate = wrong(
  'which is no ARN of a certificate',
  'Write it like arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
);
const noZone = wrong('which is no id of a hosted zone', 'Write it like Z0123456789ABCDEFGHIJ, or leave it out');

export const domain = group({
  name: hostName,
  certificateArn: z
    .string(noCertificate)
    .regex(/^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]{36}$/, noCertificate),
  hostedZoneId: z
    .string(noZone)
    .regex(/^Z[A-Z0-9]{1,31}$/, noZone)
    .optional(),
}).optional();

/** Web ACLs for CloudFront are made in this region, whatever the region of the rest is; so are its certificates. */
export const EDGE_REGION = 'us-east-1';

const noWebAcl = wrong(
  'which is no ARN of a web ACL for CloudFront',
  `Deploy the edge stack with "kind": "firewall" and write its output WebAclArn here: arn:aws:wafv2:${EDGE_REGION}:…:global/webacl/…`,
);

export const edge = z
  .discriminatedUnion(
    'kind',
    [
      group({ kind: z.literal('none') }),
      group({ kind: z.literal('firewall') }),
      group({
        kind: z.literal('cloudfront'),
        webAclArn: z
          .string(noWebAcl)
          .regex(/^arn:aws:wafv2:us-east-1:\d{12}:global\/webacl\/[\w-]{1,128}\/[0-9a-f-]{36}$/, noWebAcl),
      }),
    ],
    wrong('which is no kind of edge', 'Use one of: none, firewall, cloudfront'),
  )
  .default({ kind: 'none' });

const legible = z.looseObject({
  domain: z
    .looseObject({ certificateArn: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
  edge: z.looseObject({ kind: z.unknown() }).optional().catch(undefined),
});

/** One sentence, or two, where `domain` and `edge` are right alone and wrong together. */
export function edgeContradictions(raw: unknown): string[] {
  const { success, data: settings } = legible.safeParse(raw);
  const kind = settings?.edge?.kind;
  if (!success || (kind !== 'firewall' && kind !== 'cloudfront')) return [];
  if (settings.domain === undefined) {
    const rest = `is "${kind}", and there is no gatehouse.domain. CloudFront's own name accepts TLS 1.0: set a domain.`;
    return [`cdk.json: ${settingAt(['edge', 'kind'])} ${rest}`];
  }
  const { certificateArn } = settings.domain;
  const region = certificateArn?.split(':')[3];
  if (kind === 'firewall' || region === undefined || region === '' || region === EDGE_REGION) return [];
  const setting = settingAt(['domain', 'certificateArn']);
  const rest = `a certificate in ${region}. CloudFront takes those of ${EDGE_REGION} only: request one there.`;
  return [`cdk.json: ${setting} is ${shown(certificateArn)}, ${rest}`];
}
