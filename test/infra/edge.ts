/** Settings of a server under a name of its own, and of one behind CloudFront. */

export const DOMAIN = {
  name: 'mcp.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
  hostedZoneId: 'Z0123456789ABCDEFGHIJ',
};

export const WEB_ACL =
  'arn:aws:wafv2:us-east-1:111122223333:global/webacl/WebAcl-abc/12345678-1234-1234-1234-123456789012';

export const EDGE = {
  'gatehouse.domain': DOMAIN,
  'gatehouse.edge': { kind: 'cloudfront', webAclArn: WEB_ACL },
};
