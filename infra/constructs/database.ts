import { Duration, RemovalPolicies, RemovalPolicy } from 'aws-cdk-lib';
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
import type { Settings } from '../settings.ts';
import { FlowLog } from './flow-log.ts';

/** Properties of a {@link Database}. */
export type DatabaseProps = {
  readonly stage: string;
  /** Whether deleting the stack deletes the data. */
  readonly disposable: boolean;
  readonly database: Exclude<Settings['database'], { readonly kind: 'none' }>;
  /** How long it stays on record what reached the network, in days. */
  readonly logRetention: number;
};

type Aurora = Extract<Settings['database'], { readonly kind: 'aurora' }>;

/** The name of the database that is made here. */
const DATABASE = 'gatehouse';

/**
 * The database, reached through the Data API only. Who somebody is in it is decided by the secret they may read, so the
 * secrets of reader and writer are always made here, for one role each, also where the cluster is somebody else's.
 */
export class Database extends Construct {
  readonly name: string;
  readonly clusterArn: string;
  readonly adminSecretArn: string;
  readonly readerSecretArn: string;
  readonly writerSecretArn: string;

  constructor(scope: Construct, id: string, { stage, disposable, database, logRetention }: DatabaseProps) {
    super(scope, id);
    const credentials = (secretId: string, username: string, user: string) =>
      new Secret(this, secretId, {
        description: `Database user ${username}, ${user} (gatehouse ${stage})`,
        generateSecretString: {
          secretStringTemplate: JSON.stringify({ username }),
          generateStringKey: 'password',
          passwordLength: 40,
          // Letters and digits: such a password can stand in SQL text, where no parameter can.
          excludePunctuation: true,
        },
        removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      });
    if (database.kind === 'aurora') {
      const admin = credentials('AdminSecret', 'gatehouse_admin', 'read by migrate at deploy and by nothing else');
      this.adminSecretArn = admin.secretArn;
      this.name = DATABASE;
      const network = this.#network();
      new FlowLog(this, 'Flows', { stage, network, retention: logRetention, disposable });
      this.clusterArn = this.#aurora(database, network, admin, disposable).clusterArn;
    } else {
      this.adminSecretArn = database.adminSecretArn;
      this.name = database.name;
      this.clusterArn = database.clusterArn;
    }
    this.readerSecretArn = credentials('ReaderSecret', 'mcp_reader', 'read by mcp').secretArn;
    this.writerSecretArn = credentials('WriterSecret', 'mcp_writer', 'read by mcp-write').secretArn;
    // Its network and parameters too: a cluster that stays cannot lose them, and the attempt would hold the stack up.
    if (!disposable) RemovalPolicies.of(this).retain();
  }

  /** Has no way in or out, neither gateway nor NAT. */
  #network(): IVpc {
    return new Vpc(this, 'Network', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/24'),
      maxAzs: 2,
      natGateways: 0,
      createInternetGateway: false,
      subnetConfiguration: [{ name: 'Database', subnetType: SubnetType.PRIVATE_ISOLATED }],
      // Would be done by a custom resource with a function and a role of its own. Nothing uses the default group.
      restrictDefaultSecurityGroup: false,
      // Typed as what it implements: the class declares optional members that exactOptionalPropertyTypes refuses.
    }) as IVpc;
  }

  /** Aurora Serverless v2 PostgreSQL, behind a security group that admits nobody. */
  #aurora({ minCapacity, maxCapacity }: Aurora, network: IVpc, admin: Secret, disposable: boolean): DatabaseCluster {
    return new DatabaseCluster(this, 'Cluster', {
      engine: DatabaseClusterEngine.auroraPostgres({ version: AuroraPostgresEngineVersion.VER_17_7 }),
      writer: ClusterInstance.serverlessV2('Writer', { publiclyAccessible: false, autoMinorVersionUpgrade: true }),
      serverlessV2MinCapacity: minCapacity,
      serverlessV2MaxCapacity: maxCapacity,
      ...(minCapacity === 0 && { serverlessV2AutoPauseDuration: Duration.minutes(5) }),
      credentials: Credentials.fromSecret(admin as ISecret),
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
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
  }
}
