import { type Acknowledgement, ofFunctions } from './acknowledgement.ts';

/** What stands in front of the API, and all that is logged. */
export const FRONT_ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rules: ['AwsSolutions-CFR1'],
    at: ['service/FrontDoor/Edge/Distribution'],
    reason:
      'Hosted connectors call from where their provider runs, which says nothing about where a person is. Whom to admit ' +
      'is decided by sign-in, role and tenant.',
  },
  {
    rules: ['AwsSolutions-CFR3'],
    at: ['service/FrontDoor/Edge/Distribution'],
    reason:
      "CloudFront's log holds queries, and those of /authorize and /callback carry codes and states. The API's access " +
      "log has every request that passed and the web ACL's every one that was blocked, both without queries.",
  },
  {
    rules: ['AwsSolutions-SMG4', 'NIST.800.53.R5-SecretsManagerRotationEnabled'],
    at: ['service/FrontDoor/Edge/OriginSecret'],
    reason:
      'It opens the way around the web ACL and nothing else: every function still asks for its token. A rotation has to ' +
      'reach CloudFront and all functions at once, which is a deployment; infra/RUNBOOK.md has it.',
  },
  {
    rules: ['Serverless-SNSRedrivePolicy'],
    at: ['service/Notifications/Email/Resource'],
    reason:
      'A queue of alarms that could not be mailed is looked at by nobody. The alarm itself stays in CloudWatch, and the ' +
      'topic takes as many other subscribers as somebody wants.',
  },
  {
    rules: ['NIST.800.53.R5-CloudWatchLogGroupEncrypted'],
    at: [
      ...ofFunctions('Log/Resource'),
      'service/FrontDoor/AccessLog/Resource',
      'data/Database/Flows/Log/Resource',
      'edge/Log/Resource',
    ],
    reason:
      'CloudWatch encrypts every log group at rest; a key of our own would decide who reads it a second time, after IAM, ' +
      'and losing it would lose the logs. No log holds a token, code, cookie, secret, argument or result: tests look for them.',
  },
];
