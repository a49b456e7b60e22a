import { readFileSync } from 'node:fs';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Problem } from '../../problem.ts';
import { type Account, type FoundAccount, unanswered } from './account.ts';
import { PATIENCE } from './ask.ts';
import { type Check, fail, notChecked, type Outcome, ok } from './finding.ts';

/** The outputs of the service stack, by name. */
export type Outputs = Readonly<Record<string, string>>;

/**
 * The outputs of the stack that has an address, from the file of `cdk deploy --outputs-file`.
 *
 * @throws Problem when there is no such file, or no such stack in it
 */
export function readOutputs(path: string): Outputs & { readonly McpUrl: string } {
  let stacks: Readonly<Record<string, Outputs>>;
  try {
    stacks = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Problem(`--outputs ${path} cannot be read: ${(error as Error).message}`);
  }
  for (const outputs of Object.values(stacks ?? {})) {
    const { McpUrl } = outputs;
    if (typeof McpUrl === 'string') return { ...outputs, McpUrl };
  }
  throw new Problem(
    `${path} has no stack with McpUrl. It should be what this wrote: npx cdk deploy --all --outputs-file ${path}`,
  );
}

/** The secrets that a person fills after the first deployment, and for what. */
const BY_HAND = { IdentitySecretArn: 'identity secret', WorkosApiKeyArn: 'WorkOS API key' } as const;

/** Whether each of them has a value. Asked is for its versions: the value itself is not read, and could not be printed. */
export function secretChecks(outputs: Outputs, found: FoundAccount): Check[] {
  return Object.entries(BY_HAND).flatMap(([output, name]): Check[] => {
    const arn = outputs[output];
    if (arn === undefined) return [];
    const look = async () =>
      'outcome' in found ? notChecked('needs AWS credentials') : await filled(arn, found.account);
    return [{ name, look }];
  });
}

async function filled(arn: string, account: Account): Promise<Outcome> {
  const { accessKeyId, secretAccessKey, sessionToken } = account.caller;
  const client = new SecretsManagerClient({
    // The secret's own region, which its ARN names.
    region: arn.split(':')[3] || account.region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    ...(account.endpoint !== undefined && { endpoint: account.endpoint }),
  });
  try {
    const abortSignal = AbortSignal.timeout(PATIENCE);
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId: arn }), {
      abortSignal,
    });
    if (Object.values(VersionIdsToStages).flat().includes('AWSCURRENT')) return ok('has a value');
    return fail(
      `is empty, so nobody can sign in. Run: aws secretsmanager put-secret-value --secret-id ${arn} --secret-string file://secret.txt`,
    );
  } catch (error) {
    return unanswered(error);
  } finally {
    client.destroy();
  }
}
