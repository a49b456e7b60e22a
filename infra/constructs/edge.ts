import { Aws, Fn, SecretValue } from 'aws-cdk-lib';
import type { CfnApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnCachePolicy, CfnDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Domain, Target } from './domain.ts';

/** Properties of an {@link Edge}. */
export type EdgeProps = {
  readonly stage: string;
  readonly domain: Domain;
  readonly webAclArn: string;
  readonly api: CfnApi;
};

/** The header that shows a request came through CloudFront; functions/http/origin-lock.ts looks at it. */
const ORIGIN_HEADER = 'x-gatehouse-origin';

/** Policies of AWS's own, by the ids that "Use managed cache policies" and "… origin request policies" give. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
const ALL_BUT_HOST = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';
/** The zone of every alias to a distribution (AWS::Route53::RecordSet AliasTarget). */
const CLOUDFRONT_ZONE = 'Z2FDTNDATAQYW2';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE'];
/** Every status whose answers CloudFront would otherwise keep for ten seconds. */
const KEPT_ERRORS = [400, 403, 404, 405, 414, 500, 501, 502, 503, 504];

/**
 * CloudFront with a web ACL in front of the API. The API's own address stays open, as an HTTP API knows neither WAF nor
 * origin access control: what makes CloudFront the only way in is a secret that it shows and every function demands.
 *
 * No logs of CloudFront's: they hold queries, and /callback and /authorize carry codes and states in theirs.
 */
export class Edge extends Construct {
  /** What CloudFront shows to the functions, for their environment: a reference that CloudFormation resolves. */
  readonly secret: string;
  readonly target: Target;

  constructor(scope: Construct, id: string, { stage, domain, webAclArn, api }: EdgeProps) {
    super(scope, id);
    const secret = new CfnSecret(this, 'OriginSecret', {
      description: `What CloudFront shows to the functions (gatehouse ${stage})`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    this.secret = SecretValue.secretsManager(secret.ref).unsafeUnwrap();
    const distribution = new CfnDistribution(this, 'Distribution', {
      distributionConfig: {
        comment: `gatehouse ${stage}`,
        enabled: true,
        aliases: [domain.name],
        webAclId: webAclArn,
        httpVersion: 'http2and3',
        // Rate rules count addresses, and whoever has an IPv6 network has 2^64 of them.
        ipv6Enabled: false,
        viewerCertificate: {
          acmCertificateArn: domain.certificateArn,
          sslSupportMethod: 'sni-only',
          minimumProtocolVersion: 'TLSv1.2_2021',
        },
        origins: [
          {
            id: 'api',
            domainName: Fn.join('.', [api.ref, 'execute-api', Aws.REGION, Aws.URL_SUFFIX]),
            customOriginConfig: {
              originProtocolPolicy: 'https-only',
              originSslProtocols: ['TLSv1.2'],
              // Longer than API Gateway waits, so that its answer is the one that arrives.
              originReadTimeout: 35,
            },
            originCustomHeaders: [{ headerName: ORIGIN_HEADER, headerValue: this.secret }],
          },
        ],
        defaultCacheBehavior: {
          targetOriginId: 'api',
          viewerProtocolPolicy: 'https-only',
          allowedMethods: METHODS,
          cachePolicyId: CACHING_DISABLED,
          // Authorization, Origin, Mcp-*, cookies and query; Host would be one that the HTTP API does not know.
          originRequestPolicyId: ALL_BUT_HOST,
          // Nothing compressed: a secret beside words of a caller's own would show in the length (BREACH).
          compress: false,
        },
        cacheBehaviors: [
          {
            pathPattern: '/.well-known/*',
            targetOriginId: 'api',
            viewerProtocolPolicy: 'https-only',
            allowedMethods: METHODS,
            cachedMethods: ['GET', 'HEAD'],
            cachePolicyId: this.#asTheAnswerSays().ref,
            compress: true,
          },
        ],
        // Kept errors go by path alone: somebody's failed /callback would be the next person's answer.
        customErrorResponses: KEPT_ERRORS.map((errorCode) => ({ errorCode, errorCachingMinTtl: 0 })),
      },
    });
    this.target = { name: distribution.attrDomainName, zone: CLOUDFRONT_ZONE };
  }

  /** Keeps an answer for as long as its Cache-Control says, an hour at most. AWS's own such policy sends Host along. */
  #asTheAnswerSays(): CfnCachePolicy {
    return new CfnCachePolicy(this, 'WellKnown', {
      cachePolicyConfig: {
        // Names are the account's, not the region's.
        name: Fn.join('-', [Aws.STACK_NAME, Aws.REGION, 'well-known']),
        minTtl: 0,
        defaultTtl: 0,
        maxTtl: 3600,
        parametersInCacheKeyAndForwardedToOrigin: {
          headersConfig: { headerBehavior: 'none' },
          cookiesConfig: { cookieBehavior: 'none' },
          queryStringsConfig: { queryStringBehavior: 'none' },
          enableAcceptEncodingGzip: true,
          enableAcceptEncodingBrotli: true,
        },
      },
    });
  }
}
