import type { Acknowledgement } from './acknowledgement.ts';

/** What GitHub's workflows may do. */
export const PIPELINE_ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rules: ['NIST.800.53.R5-IAMNoInlinePolicy'],
    at: ['pipeline/DeployProd/Resource', 'pipeline/PullRequests/Resource'],
    reason:
      'Each role has one statement that nobody else may have, and both go together: a managed policy could be attached to ' +
      'somebody else.',
  },
  {
    // Two regions: the web ACL's stack is in us-east-1.
    rules: ['<AWS::Region>', 'us-east-1'].map(
      (region) =>
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cloudformation:${region}:<AWS::AccountId>:stack/gatehouse-*/*]`,
    ),
    at: ['pipeline/PullRequests/Resource'],
    reason:
      'It may read the templates of the stages, of which there may be more tomorrow, and nothing else. A template holds no ' +
      'secret: those are dynamic references.',
  },
];
