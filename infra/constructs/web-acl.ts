import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import type { Domain } from './domain.ts';
import { EXCEPTIONS } from './web-acl-exceptions.ts';

/** Properties of a {@link WebAcl}. */
export type WebAclProps = { readonly settings: Settings; readonly domain: Domain };

/** What an address is counted by, in seconds. */
const WINDOW = 300;
/** The least that WAF counts to (AWS::WAFv2::WebACL RateBasedStatement, `Limit`). */
const LEAST = 10;

/** The open endpoints, by the throttle they share. */
const LIMITED = {
  register: ['/register'],
  token: ['/token', '/revoke'],
  authorize: ['/authorize', '/consent', '/callback'],
} as const;

/** As the HTTP API will read the path: decoded once, and whatever comes after the name (`/token%3Fx` is `/token`). */
const AS_ROUTED = [
  { priority: 0, type: 'URL_DECODE' },
  { priority: 1, type: 'NORMALIZE_PATH' },
];

/**
 * The web ACL in front of CloudFront. Rate rules come first and block; no rule allows, so none lets anybody past the
 * ones after it. What no rule minds passes to the functions, which trust none of it.
 */
export class WebAcl extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { settings, domain }: WebAclProps) {
    super(scope, id);
    const { stage, throttle } = settings;
    const rules: Omit<CfnWebACL.RuleProperty, 'priority'>[] = [
      ownNameOnly(domain.name),
      ...Object.entries(LIMITED).map(([name, paths]) => {
        return rateRule(name, paths, limitPerAddress(throttle[name as keyof typeof LIMITED].rate));
      }),
      ...Object.keys(EXCEPTIONS).map((name) => managedRule(name as keyof typeof EXCEPTIONS)),
    ];
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'CLOUDFRONT',
      description: `Gatehouse ${stage}`,
      defaultAction: { allow: {} },
      rules: rules.map((rule, priority) => ({ ...rule, priority })),
      customResponseBodies: {
        'too-many-requests': {
          contentType: 'APPLICATION_JSON',
          content: JSON.stringify({
            error: 'temporarily_unavailable',
            error_description: 'Too many requests from your address. Wait five minutes.',
          }),
        },
      },
      visibilityConfig: visibleAs(`gatehouse-${stage}`),
    });
    this.arn = acl.attrArn;
  }
}

/**
 * How many requests in five minutes one address may make: half of what the route lets through in that time. So no
 * address can use a route up alone, and one that speaks for many people (a hosted connector, an office behind NAT) has
 * as much as half of all: with the default throttles 150 registrations, 3,000 tokens and 1,000 sign-ins.
 */
function limitPerAddress(rate: number): number {
  return Math.max(LEAST, Math.floor((rate * WINDOW) / 2));
}

function rateRule(name: string, paths: readonly string[], limit: number) {
  const starts = paths.map((path) => ({
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: path,
      textTransformations: AS_ROUTED,
    },
  }));
  const [only] = starts;
  return {
    name: `rate-${name}`,
    statement: {
      rateBasedStatement: {
        aggregateKeyType: 'IP',
        evaluationWindowSec: WINDOW,
        limit,
        scopeDownStatement: starts.length === 1 && only ? only : { orStatement: { statements: starts } },
      },
    },
    action: {
      block: {
        customResponse: {
          responseCode: 429,
          customResponseBodyKey: 'too-many-requests',
          responseHeaders: [{ name: 'retry-after', value: String(WINDOW) }],
        },
      },
    },
    visibilityConfig: visibleAs(`rate-${name}`),
  };
}

/** CloudFront also answers to a name of its own, whose TLS floor is not ours to set. */
function ownNameOnly(name: string) {
  return {
    name: 'own-name-only',
    statement: {
      notStatement: {
        statement: {
          byteMatchStatement: {
            fieldToMatch: { singleHeader: { Name: 'host' } },
            positionalConstraint: 'EXACTLY',
            searchString: name,
            textTransformations: [{ priority: 0, type: 'LOWERCASE' }],
          },
        },
      },
    },
    action: { block: {} },
    visibilityConfig: visibleAs('own-name-only'),
  };
}

/** Without a version: AWS moves it to new ones by itself, as new attacks become known. */
function managedRule(name: keyof typeof EXCEPTIONS) {
  return {
    name,
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: EXCEPTIONS[name].map(({ rule }) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    overrideAction: { none: {} },
    visibilityConfig: visibleAs(name),
  };
}

/** Counted, but not sampled: samples hold whole requests, with their tokens and codes. */
function visibleAs(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
