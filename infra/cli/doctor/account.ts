import { LambdaClient } from '@aws-sdk/client-lambda';
import { NoAnswer, PATIENCE } from './ask.ts';
import { call, elementIn, Refused } from './aws-call.ts';
import { fail, notChecked, type Outcome } from './finding.ts';
import type { Signer } from './sign.ts';

/** Whom AWS takes this person for, and where. */
export type Account = {
  readonly region: string;
  readonly id: string;
  readonly arn: string;
  readonly caller: Signer;
  /** Instead of AWS's own addresses. */
  readonly endpoint: string | undefined;
};

/** An account, or why there is none to ask. */
export type FoundAccount = { readonly account: Account } | { readonly outcome: Outcome };

/**
 * The account and region that `cdk deploy` would take: the same credentials and region that the SDK finds, as the AWS CLI
 * has them, and whose they are (STS GetCallerIdentity, which needs no permission).
 *
 * @param endpoint instead of AWS's own, as AWS_ENDPOINT_URL says it
 */
export async function findAccount(endpoint: string | undefined): Promise<FoundAccount> {
  const client = new LambdaClient();
  try {
    const region = await inTime(client.config.region());
    const { accessKeyId, secretAccessKey, sessionToken } = await inTime(client.config.credentials());
    const caller = { region, accessKeyId, secretAccessKey, sessionToken };
    const form = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
    const xml = await call(caller, { service: 'sts', form }, endpoint);
    const id = elementIn(xml, 'Account');
    const arn = elementIn(xml, 'Arn');
    if (id === undefined || arn === undefined) return { outcome: fail('STS answered, and did not say who this is.') };
    return { account: { region, id, arn, caller, endpoint } };
  } catch (error) {
    return { outcome: without(error) };
  } finally {
    client.destroy();
  }
}

function without(error: unknown): Outcome {
  if (!(error instanceof Error)) throw error;
  if (error instanceof NoAnswer) return notChecked(`no network: ${error.message}`);
  if (error instanceof Refused) return fail(`AWS does not take these credentials (${error.message}). Sign in again.`);
  if (error.message === 'Region is missing') return notChecked('no AWS region is set. Set AWS_REGION.');
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError') {
    return notChecked('no AWS credentials. Set AWS_PROFILE, or sign in with the AWS CLI.');
  }
  throw error;
}

/** Looking for credentials may run programs and ask a metadata service. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = PATIENCE / 1000;
    timer = setTimeout(() => reject(new NoAnswer(`no credentials within ${seconds} seconds`)), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What AWS would not say becomes `not checked`: a missing permission to look is no fault of a stack. */
export function unanswered(error: unknown): Outcome {
  if (error instanceof Refused || error instanceof NoAnswer) return notChecked(error.message);
  if (error instanceof Error && '$metadata' in error) return notChecked(`${error.name}: ${error.message}`);
  if (error instanceof Error && error.name === 'AbortError') {
    return notChecked(`no answer within ${PATIENCE / 1000} seconds`);
  }
  if (error instanceof Error && 'code' in error) return notChecked(`no network: ${error.message}`);
  throw error;
}
