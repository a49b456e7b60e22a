import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnFlowLog, type IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { allow } from './permissions.ts';

/** Properties of a {@link FlowLog}. */
export type FlowLogProps = {
  readonly stage: string;
  readonly network: IVpc;
  /** In days. */
  readonly retention: number;
  readonly disposable: boolean;
};

/**
 * What reached a network, and what was turned away. In one that nothing should reach, it is the proof that nothing did.
 *
 * The role is written out: the CDK's own would hang a second policy on it, and may be passed by whoever holds it.
 */
export class FlowLog extends Construct {
  constructor(scope: Construct, id: string, { stage, network, retention, disposable }: FlowLogProps) {
    super(scope, id);
    const log = new LogGroup(this, 'Log', {
      retention: retention as RetentionDays,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    const { account } = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: `Writes what reached the database's network (gatehouse ${stage})`,
      // For this account's flow logs only: a service acts for whoever tells it to (the confused deputy).
      assumedBy: new ServicePrincipal('vpc-flow-logs.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      inlinePolicies: {
        FlowLog: new PolicyDocument({
          statements: [
            allow(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], [log.logGroupArn]),
          ],
        }),
      },
    });
    new CfnFlowLog(this, 'FlowLog', {
      resourceType: 'VPC',
      resourceId: network.vpcId,
      trafficType: 'ALL',
      logDestinationType: 'cloud-watch-logs',
      logGroupName: log.logGroupName,
      deliverLogsPermissionArn: role.roleArn,
    });
  }
}
