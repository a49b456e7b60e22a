/**
 * The condition keys the local cloud can answer, and whether a request has one value for it or a list. A policy that
 * asks for any other key is refused when it is read: to treat an unknown key as absent would make a Deny silently not
 * apply.
 *
 * A key that is listed may still be absent from a request, as on AWS: `aws:SourceAccount` is there when a service calls
 * on somebody's behalf, and no service calls here.
 */
const CONDITION_KEYS: readonly (readonly [string, 'single' | 'list'])[] = [
  ['aws:PrincipalArn', 'single'],
  ['aws:PrincipalAccount', 'single'],
  ['aws:PrincipalIsAWSService', 'single'],
  ['aws:ViaAWSService', 'single'],
  ['aws:MultiFactorAuthPresent', 'single'],
  ['aws:RequestedRegion', 'single'],
  ['aws:SecureTransport', 'single'],
  ['aws:SourceAccount', 'single'],
  ['aws:SourceArn', 'single'],
  ['dynamodb:LeadingKeys', 'list'],
  ['kms:CallerAccount', 'single'],
  ['kms:MacAlgorithm', 'single'],
  ['kms:MessageType', 'single'],
  ['kms:SigningAlgorithm', 'single'],
  ['kms:ViaService', 'single'],
  ['s3:object-lock-mode', 'single'],
  ['s3:object-lock-remaining-retention-days', 'single'],
  ['secretsmanager:VersionStage', 'single'],
  ['sts:ExternalId', 'single'],
  ['sts:RoleSessionName', 'single'],
];

export type ConditionKey = { readonly name: string; readonly values: 'single' | 'list' };

/** IAM compares the names of condition keys without case. Undefined when the key is not one the local cloud knows. */
export function conditionKey(name: string): ConditionKey | undefined {
  const found = CONDITION_KEYS.find(([known]) => known.toLowerCase() === name.toLowerCase());
  return found && { name: found[0], values: found[1] };
}

/** What a request brings for the keys, by their canonical names. An absent key is not in the record. */
export type Context = Readonly<Record<string, string | readonly string[]>>;
