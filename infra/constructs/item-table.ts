import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** Properties of an {@link ItemTable}. */
export type ItemTableProps = {
  /** Whether deleting the stack deletes the items. */
  readonly disposable: boolean;
  /**
   * The attribute that holds the time of an item's removal, seconds since the epoch.
   *
   * @default - items stay
   */
  readonly expiry?: string;
  /**
   * The name of the sort key.
   *
   * @default - none: an item is its partition key
   */
  readonly sortKey?: string;
  /**
   * Secondary indexes, keys only.
   *
   * @default - none
   */
  readonly indexes?: readonly { readonly name: string; readonly partitionKey: string; readonly sortKey: string }[];
  /**
   * Who may never do what, on top of everybody's own policies.
   *
   * @default - none
   */
  readonly resourcePolicy?: PolicyDocument;
};

/** What a flood may cost at most: DynamoDB throttles above it, for all callers together. Units a second. */
const CEILING = { maxReadRequestUnits: 1_000, maxWriteRequestUnits: 500 } as const;

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** A table keyed by `pk`, on demand with a ceiling, recoverable to any second of the last 35 days. */
export class ItemTable extends TableV2 {
  constructor(scope: Construct, id: string, props: ItemTableProps) {
    const { disposable, expiry, sortKey, indexes = [], resourcePolicy } = props;
    const options: TablePropsV2 = {
      partitionKey: text('pk'),
      ...(sortKey && { sortKey: text(sortKey) }),
      ...(expiry && { timeToLiveAttribute: expiry }),
      ...(resourcePolicy && { resourcePolicy }),
      globalSecondaryIndexes: indexes.map((index) => ({
        indexName: index.name,
        partitionKey: text(index.partitionKey),
        sortKey: text(index.sortKey),
        projectionType: ProjectionType.KEYS_ONLY,
        ...CEILING,
      })),
      billing: Billing.onDemand(CEILING),
      // In the account's own KMS, so that its use is in CloudTrail; callers need no permission on the key.
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !disposable,
      removalPolicy: disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    };
    super(scope, id, options);
  }
}
