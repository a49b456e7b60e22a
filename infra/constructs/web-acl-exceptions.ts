/**
 * Rules of AWS's managed groups that would refuse what MCP clients send by design. Each is counted instead of blocked, so
 * that a metric still tells how often it matched, and each says why it is here. Everything else in the groups blocks.
 *
 * The names are those of "AWS Managed Rules rule groups list", Baseline rule groups.
 */
export type Exception = { readonly rule: string; readonly reason: string };

const TEXT =
  'tool arguments are text of people: a ticket may quote an attack. The functions run none of it, and validate the shape';
const LOOPBACK =
  'clients on a computer are sent back to http://127.0.0.1 or http://localhost (RFC 8252 section 7.3): VS Code, Codex, Claude Code';

export const EXCEPTIONS = {
  AWSManagedRulesCommonRuleSet: [
    {
      rule: 'SizeRestrictions_BODY',
      reason: '/mcp takes 256 KiB and the rule 8 KB; the functions have limits of their own',
    },
    {
      rule: 'SizeRestrictions_QUERYSTRING',
      reason: '/callback and /authorize carry codes and states that others made, some beyond 2,048 bytes',
    },
    {
      rule: 'NoUserAgent_HEADER',
      reason: 'RFC 9110 section 10.1.5 lets a client leave User-Agent out, and bridges do',
    },
    { rule: 'EC2MetaDataSSRF_QUERYARGUMENTS', reason: `the redirect_uri of /authorize: ${LOOPBACK}` },
    { rule: 'EC2MetaDataSSRF_BODY', reason: `redirect URIs in /register and /token, and tool arguments: ${LOOPBACK}` },
    { rule: 'GenericRFI_QUERYARGUMENTS', reason: `the redirect_uri of /authorize: ${LOOPBACK}` },
    { rule: 'GenericRFI_BODY', reason: `redirect URIs in /register and /token, and tool arguments: ${LOOPBACK}` },
    {
      rule: 'RestrictedExtensions_QUERYARGUMENTS',
      reason: 'code and state are opaque: ".log" in the middle of one would refuse a sign-in now and then',
    },
    { rule: 'GenericLFI_BODY', reason: TEXT },
    { rule: 'CrossSiteScripting_BODY', reason: TEXT },
  ],
  AWSManagedRulesKnownBadInputsRuleSet: [
    { rule: 'JavaDeserializationRCE_BODY', reason: TEXT },
    { rule: 'Log4JRCE_BODY', reason: TEXT },
    { rule: 'ReactJSRCE_BODY', reason: TEXT },
  ],
} as const satisfies Readonly<Record<string, readonly Exception[]>>;
