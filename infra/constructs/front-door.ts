import { ArnFormat, Aws, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnApi, CfnIntegration, CfnRoute, CfnStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnPermission, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { isDisposable, type Settings } from '../settings.ts';
import { ApiDomain, pointAt } from './domain.ts';
import { Edge } from './edge.ts';

/** Properties of a {@link FrontDoor}. */
export type FrontDoorProps = { readonly settings: Settings };

/** A function and the paths it answers. */
export type Opening = {
  readonly name: keyof Settings['throttle'];
  readonly target: LambdaFunction;
  /** Path to the methods it is meant for, such as `/token` to `POST`. Others get 405 from the function itself. */
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Whether it answers 401 or 403 with a challenge that has to arrive under its own name. */
  readonly challenges: boolean;
};

/**
 * The challenge's way past API Gateway, which renames a function's WWW-Authenticate: the function says it a second time
 * in a header of ours, and this puts it back where RFC 9110 section 11.6.1 wants it.
 */
const RESTORE_CHALLENGE = {
  ResponseParameters: [
    { Destination: 'overwrite:header.www-authenticate', Source: '$response.header.x-gatehouse-challenge' },
    // A removal has no source; the property is required.
    { Destination: 'remove:header.x-gatehouse-challenge', Source: "''" },
  ],
};

/** One JSON line a request. No path and no query: /callback and /authorize carry codes and states in theirs. */
const ACCESS_LOG = JSON.stringify({
  requestId: '$context.requestId',
  time: '$context.requestTime',
  route: '$context.routeKey',
  status: '$context.status',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  protocol: '$context.protocol',
  bytes: '$context.responseLength',
  latency: '$context.responseLatency',
  functionStatus: '$context.integrationStatus',
  functionLatency: '$context.integrationLatency',
  error: '$context.error.message',
  functionError: '$context.integrationErrorMessage',
});

/**
 * The HTTP API: HTTPS only by nature, explicit routes, each with a throttle. It has neither CORS nor an authorizer: 401
 * and 403 come from the functions, because an authorizer's refusal cannot carry a challenge.
 */
export class FrontDoor extends Construct {
  /** Where it is reached, without a trailing slash: the issuer. The setting `domain`, or the API's own address. */
  readonly url: string;
  /** Of the API, by which its metrics are counted. */
  readonly apiId: string;
  readonly accessLog: LogGroup;
  readonly #api: CfnApi;
  readonly #routes: { readonly route: CfnRoute; readonly throttle: CfnStage.RouteSettingsProperty }[] = [];
  readonly #settings: Settings;
  /** What stands in front of the API, where something does. */
  readonly #edge: Edge | undefined;

  constructor(scope: Construct, id: string, props: FrontDoorProps) {
    super(scope, id);
    this.#settings = props.settings;
    const { stage, domain, edge } = props.settings;
    const throughEdge = domain !== undefined && edge.kind === 'cloudfront';
    this.#api = new CfnApi(this, 'Api', {
      name: `gatehouse-${stage}`,
      protocolType: 'HTTP',
      // Two addresses would be two audiences. CloudFront needs the API's own, which the functions then lock.
      ...(domain !== undefined && !throughEdge && { disableExecuteApiEndpoint: true }),
    });
    this.apiId = this.#api.ref;
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: props.settings.logRetentionDays as RetentionDays,
      removalPolicy: isDisposable(props.settings) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    this.url = domain === undefined ? this.#api.attrApiEndpoint : `https://${domain.name}`;
    this.#edge = throughEdge
      ? new Edge(this, 'Edge', { stage, domain, webAclArn: edge.webAclArn, api: this.#api })
      : undefined;
  }

  /** Routes the paths to the function: each method, and ANY, so that a wrong method is the function's to answer. */
  open({ name, target, paths, challenges }: Opening): void {
    if (this.#edge) target.addEnvironment('ORIGIN_SECRET', this.#edge.secret);
    const integration = new CfnIntegration(this, `To-${name}`, {
      apiId: this.#api.ref,
      integrationType: 'AWS_PROXY',
      integrationUri: target.functionArn,
      payloadFormatVersion: '2.0',
      ...(challenges && { responseParameters: { 401: RESTORE_CHALLENGE, 403: RESTORE_CHALLENGE } }),
    });
    const { rate, burst } = this.#settings.throttle[name];
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of [...methods, 'ANY']) {
        const route = new CfnRoute(this, `${method} ${path}`.replaceAll('/', '|'), {
          apiId: this.#api.ref,
          routeKey: `${method} ${path}`,
          target: Fn.join('/', ['integrations', integration.ref]),
          authorizationType: 'NONE',
        });
        this.#routes.push({ route, throttle: { throttlingRateLimit: rate, throttlingBurstLimit: burst } });
      }
      new CfnPermission(this, `May call ${path}`.replaceAll('/', '|'), {
        action: 'lambda:InvokeFunction',
        functionName: target.functionArn,
        principal: 'apigateway.amazonaws.com',
        // Any stage, any method, this path.
        sourceArn: `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${this.#api.ref}/*/*${path}`,
      });
    }
  }

  /** Puts the API behind its address. To be called once, after the last {@link open}. */
  publish(): void {
    const stage = new CfnStage(this, 'Stage', {
      apiId: this.#api.ref,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: { destinationArn: plainArn(this.accessLog), format: ACCESS_LOG },
      // For a route that somebody adds past `open`: the tightest throttle there is, instead of the whole account's.
      defaultRouteSettings: tightest(Object.values(this.#settings.throttle)),
      routeSettings: Object.fromEntries(
        this.#routes.map(({ route, throttle }) => [
          route.routeKey,
          // Rendered as it stands, so in CloudFormation's spelling.
          { ThrottlingRateLimit: throttle.throttlingRateLimit, ThrottlingBurstLimit: throttle.throttlingBurstLimit },
        ]),
      ),
    });
    // API Gateway refuses settings for a route that does not exist yet.
    for (const { route } of this.#routes) stage.addResourceDependency(route);
    const { domain } = this.#settings;
    if (domain === undefined) return;
    const { target } = this.#edge ?? new ApiDomain(this, 'Domain', { domain, api: this.#api, stage });
    pointAt(this, domain, target);
  }
}

/** The least of each limit, in requests a second and at once. */
function tightest(
  throttles: readonly { readonly rate: number; readonly burst: number }[],
): CfnStage.RouteSettingsProperty {
  return {
    throttlingRateLimit: Math.min(...throttles.map(({ rate }) => rate)),
    throttlingBurstLimit: Math.min(...throttles.map(({ burst }) => burst)),
  };
}

/** The ARN of a log group as API Gateway reports it: the group's own attribute ends in `:*`. */
function plainArn(log: LogGroup): string {
  return Stack.of(log).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: log.logGroupName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
