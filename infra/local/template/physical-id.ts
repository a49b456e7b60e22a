import { createHash } from 'node:crypto';
import type { Resource } from './assembly.ts';
import { ACCOUNT, PARTITION, REGION } from './environment.ts';

/**
 * Names that AWS would draw at random, drawn from stack and logical id instead: the same template has the same names in
 * every run, so tables, keys and secrets in the state directory are found again.
 */
export function physicalName(resource: Resource, limit: number): string {
  const name = `${resource.stack}-${resource.id}`;
  return name.length <= limit ? name : `${name.slice(0, limit - 9)}-${digest(resource).slice(0, 8)}`;
}

/** A UUID, as KMS names its keys. */
export function physicalUuid(resource: Resource): string {
  return digest(resource).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Lower-case letters and digits, as API Gateway and Secrets Manager append. */
export function physicalSuffix(resource: Resource, length: number): string {
  return digest(resource).slice(0, length);
}

/** `arn:aws:<service>:<region>:<account>:<rest>`. */
export function regionalArn(service: string, rest: string): string {
  return `arn:${PARTITION}:${service}:${REGION}:${ACCOUNT}:${rest}`;
}

/** An ARN without a region: `arn:aws:iam::<account>:<rest>`. */
export function globalArn(service: string, rest: string): string {
  return `arn:${PARTITION}:${service}::${ACCOUNT}:${rest}`;
}

function digest(resource: Resource): string {
  return createHash('sha256').update(`${resource.stack}/${resource.id}`).digest('hex');
}
