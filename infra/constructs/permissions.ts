import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** What a statement may be narrowed by. */
export type Narrowing = {
  /**
   * Prefixes of partition keys, such as `CLIENT#`: the caller may touch no other item.
   *
   * @default - any item
   */
  readonly keys?: readonly string[];
  /**
   * Further conditions, operator first.
   *
   * @default - none
   */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
};

/** Allows exactly these actions on exactly these resources. Every permission of a function is written with this. */
export function allow(actions: readonly string[], resources: readonly string[], narrowing: Narrowing = {}) {
  const { keys, conditions } = narrowing;
  const onKeys = keys && { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys.map((prefix) => `${prefix}*`) } };
  return new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    ...((onKeys || conditions) && { conditions: { ...onKeys, ...conditions } }),
  });
}

/** ES256 and nothing else: KMS would sign with whatever algorithm the key can do. */
export const ES256 = { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } } as const;
