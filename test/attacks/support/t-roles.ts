import type { Cloud } from '../../../infra/local/cloud.ts';
import type { Resource } from '../../../infra/local/template/assembly.ts';

/** The function of the template that goes by this name. */
export function functionNamed(cloud: Cloud, name: string): Resource {
  const found = cloud.assembly
    .ofType('AWS::Lambda::Function')
    .find((each) => rawVariables(each).POWERTOOLS_SERVICE_NAME === name);
  if (!found) throw new Error(`the template has no function ${name}`);
  return found;
}

/** Its environment, as a deployment sets it. */
export function variablesOf(cloud: Cloud, name: string): Readonly<Record<string, string>> {
  const resource = functionNamed(cloud, name);
  return cloud.resolver.resolve(resource.stack, rawVariables(resource) as never) as Record<string, string>;
}

/** What every SDK client needs to act in the role of a function. */
export function clientOptionsOf(cloud: Cloud, name: string) {
  return {
    endpoint: cloud.endpoint.url,
    region: 'us-east-1',
    credentials: cloud.credentials.forFunction(functionNamed(cloud, name)),
  };
}

function rawVariables(resource: Resource): Record<string, unknown> {
  return (resource.properties.Environment as { Variables: Record<string, unknown> }).Variables;
}
