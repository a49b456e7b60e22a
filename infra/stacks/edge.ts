import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { Domain } from '../constructs/domain.ts';
import { WebAcl } from '../constructs/web-acl.ts';
import { isDisposable, type Settings } from '../settings.ts';
import { EDGE_REGION } from '../settings-edge.ts';

/** Properties of an {@link EdgeStack}. */
export type EdgeStackProps = Omit<StackProps, 'env'> & { readonly settings: Settings; readonly domain: Domain };

/**
 * The web ACL of CloudFront and the log of what it blocked: the one part whose region AWS chooses. The service stack gets
 * the ACL's ARN by a setting: CloudFormation has no reference from one region to another, and the CDK's stand-in for one
 * is a function that may write any parameter of the other region's.
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, { settings, domain, ...props }: EdgeStackProps) {
    super(scope, id, { ...props, env: { region: EDGE_REGION } });
    const { arn } = new WebAcl(this, 'WebAcl', { settings, domain });
    const log = new LogGroup(this, 'Log', {
      // WAF writes to log groups of this prefix only.
      logGroupName: `aws-waf-logs-gatehouse-${settings.stage}`,
      retention: settings.logRetentionDays as RetentionDays,
      removalPolicy: isDisposable(settings) ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: arn,
      logDestinationConfigs: [
        this.formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: log.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      // Tokens, cookies, codes and states.
      redactedFields: [
        { singleHeader: { Name: 'authorization' } },
        { singleHeader: { Name: 'cookie' } },
        { queryString: {} },
      ],
      loggingFilter: {
        DefaultBehavior: 'DROP',
        Filters: [
          { Behavior: 'KEEP', Requirement: 'MEETS_ANY', Conditions: [{ ActionCondition: { Action: 'BLOCK' } }] },
        ],
      },
    });
    new CfnOutput(this, 'WebAclArn', { value: arn, description: 'Put this into cdk.json: gatehouse.edge.webAclArn' });
    new CfnOutput(this, 'WebAclLog', { value: log.logGroupName, description: 'What was blocked, and by which rule' });
  }
}
