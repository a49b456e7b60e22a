import { Duration } from 'aws-cdk-lib';
import { AccountRootPrincipal, PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { ItemTable } from './item-table.ts';
import { allow } from './permissions.ts';

/** Properties of an {@link Operator}. */
export type OperatorProps = {
  readonly stage: string;
  readonly registry: ItemTable;
  readonly grants: ItemTable;
  /** Where every change is put on record. */
  readonly audit: ItemTable;
};

/**
 * What the `gatehouse` command may do: decide who is in the registry, and end grants. It can neither make a grant nor
 * sign a token.
 *
 * A Scan has no leading key, so no condition on keys can narrow it: who may list clients or find a person's grants may
 * read both tables, the digests of secrets too. The command names the attributes it wants and never those; a digest is
 * of 256 random bits and leads nowhere.
 */
export class Operator extends Construct {
  /** May be assumed by principals of this account that are allowed to. */
  readonly role: Role;

  constructor(scope: Construct, id: string, { stage, registry, grants, audit }: OperatorProps) {
    super(scope, id);
    const items = ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
    this.role = new Role(this, 'Role', {
      description: `Decides about clients and ends grants (gatehouse ${stage})`,
      assumedBy: new AccountRootPrincipal(),
      maxSessionDuration: Duration.hours(1),
      inlinePolicies: {
        Operator: new PolicyDocument({
          statements: [
            allow(items, [registry.tableArn], { keys: ['CLIENT#', 'RULE#', 'TOKEN#'] }),
            // A client that comes by its document is switched off where its document is kept.
            allow(['dynamodb:UpdateItem'], [registry.tableArn], { keys: ['CIMD#'] }),
            allow(['dynamodb:Scan'], [registry.tableArn, grants.tableArn]),
            allow(['dynamodb:UpdateItem'], [grants.tableArn], { keys: ['GRANT#'] }),
            // Streams of its own, which no environment's can be mistaken for.
            allow(['dynamodb:PartiQLInsert'], [audit.tableArn], { keys: ['D#', 'S#cli.'] }),
          ],
        }),
      },
    });
  }
}
