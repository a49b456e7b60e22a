import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccountRootPrincipal, AnyPrincipal, Effect, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { FunctionKey } from './function-key.ts';
import { ItemTable } from './item-table.ts';
import { keysUpTo, newest, numberedId } from './numbered-keys.ts';
import { allow } from './permissions.ts';

/** Properties of an {@link AuditLog}. */
export type AuditLogProps = {
  readonly stage: string;
  /** Whether the table and the keys go with the stack. The buckets never do: they outlive what they prove. */
  readonly disposable: boolean;
  /** How long nobody, the account's root included, can delete a sealed checkpoint. */
  readonly retention: Duration;
  /** How long the log of accesses to the copies is kept. */
  readonly logRetention: Duration;
  /** Number of the key that signs. The keys below it stay, and stay trusted. */
  readonly signingKey: number;
  /**
   * The one role that may change or delete rows, for the day when the law demands it.
   *
   * @default - nobody may
   */
  readonly breakGlassRoleArn?: string | undefined;
};

/**
 * What both buckets have in common. Encrypted with S3's own keys: whoever could delete a key of the account's would make
 * unreadable what Object Lock says nobody can delete. Retained on every stage: a bucket that holds anything cannot go.
 */
const CLOSED = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

/**
 * The audit log: rows that can be added only, checkpoints that are signed, and a copy of these that is locked. Who asked
 * for a copy is in a log of its own, which S3 writes.
 */
export class AuditLog extends Construct {
  readonly table: ItemTable;
  /** HMAC key of the hashes of tool inputs. */
  readonly macKey: FunctionKey;
  /** ES256 keys of the checkpoints, newest first. The first signs; a checkpoint of each verifies. */
  readonly signingKeys: readonly FunctionKey[];
  /** The one that signs. */
  readonly signingKey: FunctionKey;
  readonly bucket: Bucket;
  /** What a person assumes to read the log; may be assumed by principals of this account that are allowed to. */
  readonly readerRole: Role;

  constructor(scope: Construct, id: string, props: AuditLogProps) {
    super(scope, id);
    const { stage, disposable } = props;
    this.table = new ItemTable(this, 'Table', {
      disposable,
      sortKey: 'sk',
      indexes: [{ name: 'by-subject', partitionKey: 'u', sortKey: 't' }],
      resourcePolicy: new PolicyDocument({ statements: [insertOnly(props)] }),
    });
    this.macKey = new FunctionKey(this, 'MacKey', {
      stage,
      description: 'Keyed hashes of tool inputs in the audit log',
      spec: KeySpec.HMAC_256,
      usage: KeyUsage.GENERATE_VERIFY_MAC,
      users: ['mcp', 'mcp-write'],
      disposable,
    });
    this.signingKeys = keysUpTo(props.signingKey, (number) => {
      return new FunctionKey(this, numberedId('SigningKey', number), {
        stage,
        description: 'Signs checkpoints of the audit log',
        spec: KeySpec.ECC_NIST_P256,
        usage: KeyUsage.SIGN_VERIFY,
        users: ['seal'],
        disposable,
      });
    }).toReversed();
    this.signingKey = newest(this.signingKeys);
    const accesses = new Bucket(this, 'Accesses', {
      ...CLOSED,
      versioned: true,
      lifecycleRules: [{ expiration: props.logRetention, noncurrentVersionExpiration: Duration.days(1) }],
    });
    this.bucket = new Bucket(this, 'Checkpoints', {
      ...CLOSED,
      versioned: true,
      objectLockEnabled: true,
      // The default of the bucket, so that writing an object needs no permission to decide its retention.
      objectLockDefaultRetention: disposable
        ? ObjectLockRetention.governance(Duration.days(1))
        : ObjectLockRetention.compliance(props.retention),
      // Typed as what it implements: the class declares optional members that exactOptionalPropertyTypes refuses.
      serverAccessLogsBucket: accesses as IBucket,
      serverAccessLogsPrefix: 'checkpoints/',
    });
    // A bucket that stays without its policy would answer without TLS, and get no more of its log.
    for (const bucket of [accesses, this.bucket]) bucket.policy?.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.readerRole = new Role(this, 'Reader', {
      description: `Reads the audit log (gatehouse ${stage})`,
      assumedBy: new AccountRootPrincipal(),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: {
        AuditReader: new PolicyDocument({
          statements: [
            allow(
              ['dynamodb:BatchGetItem', 'dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Query'],
              [this.table.tableArn],
            ),
            allow(['dynamodb:Query'], [`${this.table.tableArn}/index/by-subject`]),
            allow(
              ['kms:GetPublicKey'],
              this.signingKeys.map(({ keyArn }) => keyArn),
            ),
            allow(['s3:GetObject'], [this.bucket.arnForObjects('checkpoints/*')]),
            // Without it S3 does not say that a copy is missing, only that it may not be read.
            allow(['s3:ListBucket'], [this.bucket.bucketArn]),
          ],
        }),
      },
    });
  }
}

/**
 * Denies every way to change or remove a row. PartiQLInsert is the one way in that is left: INSERT fails on a key that
 * exists, where PutItem would overwrite it. Resource "*" is this table: a table cannot name itself before it exists.
 */
function insertOnly({ disposable, breakGlassRoleArn }: AuditLogProps): PolicyStatement {
  return new PolicyStatement({
    sid: 'InsertOnly',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [
      'dynamodb:BatchWriteItem',
      'dynamodb:DeleteItem',
      'dynamodb:PartiQLDelete',
      'dynamodb:PartiQLUpdate',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'dynamodb:UpdateTimeToLive',
      // Where the table is meant to go with its stack, CloudFormation deletes it with the deployer's rights.
      ...(disposable ? [] : ['dynamodb:DeleteTable']),
    ].sort(),
    resources: ['*'],
    ...(breakGlassRoleArn && { conditions: { ArnNotEquals: { 'aws:PrincipalArn': breakGlassRoleArn } } }),
  });
}
