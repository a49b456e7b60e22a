import type { Acknowledgement } from './acknowledgement.ts';

const BUCKETS = ['data/Audit/Checkpoints/Resource', 'data/Audit/Accesses/Resource'];
const ROTATION = ['AwsSolutions-SMG4', 'NIST.800.53.R5-SecretsManagerRotationEnabled'];

/** What is kept: the database, secrets, buckets, people. */
export const DATA_ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rules: ['AwsSolutions-RDS10', 'NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled'],
    at: ['data/Database/Cluster/Resource'],
    disposableOnly: true,
    reason: "A developer's own stage, with sample rows: it goes with its stack. Every other stage is protected.",
  },
  {
    rules: ['NIST.800.53.R5-RDSEnhancedMonitoringEnabled'],
    at: ['data/Database/Cluster/Writer/Resource'],
    reason:
      'A serverless instance has no operating system of ours to watch: its load is ServerlessDatabaseCapacity and ' +
      'ACUUtilization, which CloudWatch has anyway. Enhanced monitoring would need a role with a managed policy that is wider than any here.',
  },
  {
    rules: ['NIST.800.53.R5-RDSInBackupPlan'],
    at: ['data/Database/Cluster/Writer/Resource'],
    reason:
      'Aurora itself keeps the cluster recoverable to any second of 35 days, and the cluster cannot be deleted by its ' +
      "stack. A backup plan with a vault in another account is the organization's, and selects the cluster by its tag project=gatehouse.",
  },
  {
    rules: ['NIST.800.53.R5-RDSLoggingEnabled[LogExport::postgresql]'],
    at: ['data/Database/Cluster/Resource'],
    reason:
      "PostgreSQL's log repeats failed statements whole and the values of rows that broke a constraint, so it would " +
      'carry customer data and passwords past the fence. Who called what, with which outcome, is in the audit log.',
  },
  {
    rules: ['NIST.800.53.R5-VPCDefaultSecurityGroupClosed'],
    at: ['data/Database/Network/Resource'],
    reason:
      'CloudFormation cannot empty the default group, and the CDK would do it with a function whose role may change ' +
      'security groups. Nothing is in the group, the network has no gateway, and its flow log shows whatever moves.',
  },
  {
    rules: ROTATION,
    at: ['AdminSecret', 'ReaderSecret', 'WriterSecret'].map((secret) => `data/Database/${secret}/Resource`),
    reason:
      "A rotation function needs a way into the database's network, which has none, and a right to read all three. " +
      'Passwords are 40 random characters, read by the function that signs in with them and at deploy, and infra/RUNBOOK.md rotates them without a stop.',
  },
  {
    rules: ROTATION,
    at: ['data/IdentitySecret', 'data/WorkosApiKey'],
    reason:
      'Issued by the identity provider, which alone can issue another: Secrets Manager has nothing to rotate it with. ' +
      'A person puts the new value in, and the authorize function, the only reader, takes it from there.',
  },
  {
    rules: ROTATION,
    at: ['service/SignIn/Secret'],
    reason:
      'A copy of what the user pool generated for our app client, which changes when the client is replaced and not ' +
      'otherwise. It is good for nothing without a code that was sent to our own address, with its PKCE verifier.',
  },
  {
    rules: ['NIST.800.53.R5-SecretsManagerUsingKMSKey'],
    at: [
      ...['AdminSecret', 'ReaderSecret', 'WriterSecret'].map((secret) => `data/Database/${secret}/Resource`),
      'data/IdentitySecret',
      'data/WorkosApiKey',
      'service/SignIn/Secret',
      'service/FrontDoor/Edge/OriginSecret',
    ],
    reason:
      'Encrypted with the account\'s key "aws/secretsmanager", which no other account can be given and whose use is in ' +
      'CloudTrail. Who may read a secret is a line each in the reviewed table of roles; a key of our own would repeat that for the same roles and keep nobody else out.',
  },
  {
    rules: ['NIST.800.53.R5-S3BucketReplicationEnabled'],
    at: BUCKETS,
    reason:
      'The copies of checkpoints are a second copy already: the first is in the audit table, recoverable to any second ' +
      'of 35 days. Object Lock keeps them from being deleted, and whoever wants a third exports and verifies (gatehouse audit export).',
  },
  {
    rules: ['NIST.800.53.R5-S3DefaultEncryptionKMS'],
    at: BUCKETS,
    reason:
      'Whoever could schedule the deletion of a KMS key would make unreadable what Object Lock says nobody can delete. ' +
      "The objects are hashes and signatures, meant to be shown, and S3 encrypts them with keys that are nobody's here.",
  },
  {
    rules: ['AwsSolutions-COG1'],
    at: ['data/People/UserPool/Resource'],
    reason:
      'NIST SP 800-63B-4 section 3.1.1.2 forbids rules about kinds of characters and asks for 15 characters instead, ' +
      'which is what the policy demands. Outside dev a second factor is required on top.',
  },
  {
    rules: ['AwsSolutions-COG2'],
    at: ['data/People/UserPool/Resource'],
    disposableOnly: true,
    reason: "A developer's own stage, whose people and rows are made up. Elsewhere a second factor is required.",
  },
  {
    rules: ['AwsSolutions-COG8'],
    at: ['data/People/UserPool/Resource'],
    reason:
      'The Plus plan costs for every person who signs in; the setting identity.threatProtection buys it. Without it ' +
      'only invited people have accounts, and guessing is stopped by the second factor and by Cognito locking out.',
  },
];
