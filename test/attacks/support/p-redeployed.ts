import { startGateway } from '../../../infra/local/gateway/gateway.ts';
import { type DeployedFunction, readFunctions } from '../../../infra/local/lambda/deployed-function.ts';
import { type Sandbox, startSandbox } from '../../../infra/local/lambda/sandbox.ts';
import { environmentOf } from '../../../infra/local/lambda/variables.ts';
import type { OwnCloud } from '../../support/own-cloud.ts';

export type Redeployed = { readonly issuer: string; readonly close: () => Promise<void> };

/**
 * The functions of a cloud behind a front door of their own, with these variables in place of the template's: what a
 * deployment would have delivered under other circumstances. An undefined variable is not there.
 */
export async function redeploy(
  cloud: OwnCloud,
  changes: Readonly<Record<string, string | undefined>>,
): Promise<Redeployed> {
  const { assembly, resolver, credentials, endpoint } = cloud;
  const deployed = readFunctions(assembly, resolver);
  const sandboxes = new Map<string, Sandbox>();
  let issuer = '';
  const start = (found: DeployedFunction): Sandbox => {
    const template = environmentOf(found, resolver, credentials.forFunction(found.resource), endpoint.url);
    const variables = Object.entries({ ...template, ISSUER: issuer, ...changes });
    const present = variables.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return startSandbox(found, Object.fromEntries(present), () => {});
  };
  const invoke = async (functionArn: string, event: unknown) => {
    const found = deployed.find(({ arn }) => arn === functionArn);
    if (!found) throw new Error(`no function ${functionArn}`);
    const known = sandboxes.get(functionArn);
    const sandbox = known?.alive() ? known : start(found);
    sandboxes.set(functionArn, sandbox);
    return await sandbox.invoke(JSON.stringify(event));
  };
  const gateway = await startGateway({ assembly, resolver, port: 0, invoke, onRequest: () => {} });
  issuer = gateway.url;
  return {
    issuer,
    close: async () => {
      await gateway.close();
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.stop()));
    },
  };
}
