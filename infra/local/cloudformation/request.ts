import { randomUUID } from 'node:crypto';
import type { Resource } from '../template/assembly.ts';
import type { JsonObject } from '../template/json.ts';

/** What CloudFormation sends a custom resource's function ("Custom resource request objects"). */
export type CustomResourceRequest = {
  readonly RequestType: 'Create' | 'Update';
  readonly ServiceToken: string;
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly ResourceType: string;
  readonly ResourceProperties: JsonObject;
  readonly PhysicalResourceId?: string;
  readonly OldResourceProperties?: JsonObject;
};

type Before = { readonly physicalResourceId: string; readonly properties: JsonObject };

/** Create for a resource that was never deployed, Update for one that was. */
export function requestFor(
  resource: Resource,
  properties: JsonObject,
  before: Before | undefined,
  { responseUrl, stackId }: { responseUrl: string; stackId: string },
): CustomResourceRequest {
  const update = before && { PhysicalResourceId: before.physicalResourceId, OldResourceProperties: before.properties };
  return {
    RequestType: before ? 'Update' : 'Create',
    ServiceToken: String(properties.ServiceToken),
    ResponseURL: responseUrl,
    StackId: stackId,
    RequestId: randomUUID(),
    LogicalResourceId: resource.id,
    ResourceType: resource.type,
    ResourceProperties: properties,
    ...update,
  };
}
