import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../function-names.ts';
import { isDisposable, type Settings } from '../settings.ts';
import { killSwitch, SERVING } from './kill-switch.ts';
import { allow } from './permissions.ts';
import { roleName } from './role-names.ts';

/** What is the same for every function of a stack. */
export type Surroundings = {
  readonly settings: Settings;
  /** The bundle of a function. */
  readonly code: (name: FunctionName) => Code;
};

/** Properties of a {@link ServiceFunction}. */
export type ServiceFunctionProps = Surroundings & {
  readonly name: FunctionName;
  /** What it is for, in a few words. */
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Everything it may do, but for writing its own log and traces.
   *
   * @default - nothing more
   */
  readonly permissions?: readonly PolicyStatement[];
  /** @default - 10 seconds */
  readonly timeout?: Duration;
  /** How many may run at once; nothing else in the account can use these, and it cannot use more. */
  readonly concurrency: number;
};

/** A function with a role and a log group of its own. The role can do what is written here and nothing else. */
export class ServiceFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { name, settings } = props;
    const logGroup = new LogGroup(this, 'Log', {
      retention: settings.logRetentionDays as RetentionDays,
      removalPolicy: isDisposable(settings) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    const role = new Role(this, 'Role', {
      roleName: roleName(this, settings.stage, name),
      description: `Function ${name} of gatehouse ${settings.stage}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        [name]: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
            // Neither action knows a resource (Service Authorization Reference, AWS X-Ray): "*" is all that can be written.
            allow(['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
            ...(props.permissions ?? []),
          ],
        }),
      },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      description: `${props.description} (gatehouse ${settings.stage})`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout ?? Duration.seconds(10),
      ...(settings.concurrency.reserved && { reservedConcurrentExecutions: props.concurrency }),
      code: props.code(name),
      handler: 'index.handler',
      // Without updates: the CDK would otherwise add permissions that nobody reviewed.
      role: role.withoutPolicyUpdates(),
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // By Lambda itself, without a tracer in the bundle: a trace has the function's name and its times, and nothing of a
      // request.
      tracing: Tracing.ACTIVE,
      environment: {
        POWERTOOLS_SERVICE_NAME: name,
        ...(SERVING.has(name) && { SERVING: killSwitch(this), METRICS_SERVICE: `gatehouse-${settings.stage}` }),
        ...props.environment,
      },
    });
  }
}
