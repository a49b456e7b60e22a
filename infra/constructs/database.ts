import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { IpAddresses, type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  AuroraPostgresEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

/** Properties of a {@link Database}. */
export type DatabaseProps = {
  readonly stage: string;
  /** Aurora capacity units; 0 lets the cluster sleep when nobody calls. */
  readonly minCapacity: number;
  readonly maxCapacity: number;
  /** Whether deleting the stack deletes the data. */
  readonly disposable: boolean;
};

/** The name of the database, and of its users in the secrets. */
const DATABASE = 'gatehouse';

/**
 * Aurora Serverless v2 PostgreSQL, reached through the Data API only: its network has no way in or out, neither gateway
 * nor NAT, and its security group admits nobody. Who somebody is in the database is decided by the secret they may read.
 */
export class Database extends Construct {
  readonly name = DATABASE;
  readonly cluster: DatabaseCluster;
  readonly adminSecret: Secret;
  readonly readerSecret: Secret;
  readonly writerSecret: Secret;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    const { disposable } = props;
    const removalPolicy = disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

    const credentials = (secretId: string, username: string, user: string) =>
      new Secret(this, secretId, {
        description: `Database user ${username}, ${user} (gatehouse ${props.stage})`,
        generateSecretString: {
          secretStringTemplate: JSON.stringify({ username }),
          generateStringKey: 'password',
          passwordLength: 40,
          // Letters and digits: such a password can stand in SQL text, where no parameter can.
          excludePunctuation: true,
        },
        removalPolicy,
      });
    this.adminSecret = credentials('AdminSecret', 'gatehouse_admin', 'read by migrate at deploy and by nothing else');
    this.readerSecret = credentials('ReaderSecret', 'mcp_reader', 'read by mcp');
    this.writerSecret = credentials('WriterSecret', 'mcp_writer', 'read by mcp-write');

    const network = new Vpc(this, 'Network', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/24'),
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      subnetConfiguration: [{ name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED }],
      // Would be done by a custom resource with a function and a role of its own. Nothing uses the default group.
      restrictDefaultSecurityGroup: false,
      // Typed as what it implements: the class declares optional members that exactOptionalPropertyTypes refuses.
    }) as IVpc;
    this.cluster = new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_7 }),
      writer: ClusterInstance.serverlessV2('Writer', { publiclyAccessible: false, autoMinorVersionUpgrade: true }),
      serverlessV2MinCapacity: props.minCapacity,
      serverlessV2MaxCapacity: props.maxCapacity,
      ...(props.minCapacity === 0 && { serverlessV2AutoPauseDuration: Duration.minutes(5) }),
      credentials: Credentials.fromSecret(this.adminSecret as ISecret),
      defaultDatabaseName: DATABASE,
      enableDataApi: true,
      iamAuthentication: true,
      storageEncrypted: true,
      vpc: network,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [
        new SecurityGroup(this, 'Closed', {
          vpc: network,
          description: 'Admits nobody: the database is reached through the Data API',
          allowAllOutbound: false,
        }),
      ],
      parameters: {
        // A prepared transaction outlives the rollback that ends every read: the one write a reader could leave behind.
        max_prepared_transactions: '0',
        'rds.force_ssl': '1',
      },
      backup: { retention: Duration.days(disposable ? 1 : 35) },
      copyTagsToSnapshot: true,
      deletionProtection: !disposable,
      removalPolicy,
    });
  }
}
