import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Settings } from '../../settings.ts';
import { EDGE_REGION } from '../../settings-edge.ts';
import { type Account, unanswered } from './account.ts';
import { PATIENCE } from './ask.ts';
import { call, elementIn, Refused } from './aws-call.ts';
import { type Check, fail, notChecked, type Outcome, ok } from './finding.ts';

/** The engine that the stack asks for; a test holds it to the template. */
export const AURORA_VERSION = '17.7';
/** The bootstrap that the templates of this CDK need (their rule CheckBootstrapVersion). */
const BOOTSTRAP = 6;
/** What Lambda keeps for the functions of an account that have nothing reserved. */
const UNRESERVED = 100;

/** What a deployment needs of the account and the region it goes to. */
export function regionChecks(settings: Settings, account: Account): Check[] {
  const { edge, domain, database } = settings;
  const regions = new Set([account.region, ...(edge.kind === 'none' ? [] : [EDGE_REGION])]);
  const named = (name: string, look: () => Promise<Outcome>): Check => ({ name, look: () => look().catch(unanswered) });
  return [
    ...[...regions].map((region) => named('CDK bootstrap', () => bootstrap(account, region))),
    ...(domain ? [named('certificate', () => certificate(domain, settings, account))] : []),
    ...(database.kind === 'aurora' ? [named('Aurora in this region', () => aurora(account))] : []),
    named('Lambda concurrency', () => concurrency(settings, account)),
  ];
}

async function bootstrap(account: Account, region: string): Promise<Outcome> {
  const input = { Name: '/cdk-bootstrap/hnb659fds/version' };
  const place = `aws://${account.id}/${region}`;
  const again = `Run: npx cdk bootstrap ${place}`;
  try {
    const caller = { ...account.caller, region };
    const text = await call(caller, { service: 'ssm', target: 'AmazonSSM.GetParameter', input }, account.endpoint);
    const version = Number(/"Value"\s*:\s*"(\d+)"/.exec(text)?.[1] ?? 0);
    if (version < BOOTSTRAP)
      return fail(`${place} has bootstrap ${version}; ${BOOTSTRAP} or newer is needed. ${again}`);
    return ok(`${place} has bootstrap ${version}`);
  } catch (error) {
    if (error instanceof Refused && error.code === 'ParameterNotFound') {
      return fail(`${place} is not bootstrapped. ${again}`);
    }
    throw error;
  }
}

type Domain = NonNullable<Settings['domain']>;

/** ACM offers a certificate only in its own region: API Gateway wants the stack's, CloudFront us-east-1. */
async function certificate({ name, certificateArn }: Domain, { edge }: Settings, account: Account): Promise<Outcome> {
  const [, , , region = '', owner = ''] = certificateArn.split(':');
  const setting = 'cdk.json: gatehouse.domain.certificateArn';
  const wanted = edge.kind === 'cloudfront' ? EDGE_REGION : account.region;
  if (region !== wanted) {
    const whose = edge.kind === 'cloudfront' ? 'CloudFront takes those of' : 'the API takes those of its own region,';
    return fail(`${setting} is of ${region}, and ${whose} ${wanted}. Request one there.`);
  }
  if (owner !== account.id) {
    return fail(
      `${setting} is of account ${owner}, and this is ${account.id}. Use the other credentials, or a certificate of this account.`,
    );
  }
  const operation = { target: 'CertificateManager.DescribeCertificate', input: { CertificateArn: certificateArn } };
  const caller = { ...account.caller, region };
  const text = await call(caller, { service: 'acm', ...operation }, account.endpoint);
  const { Certificate } = JSON.parse(text) as {
    readonly Certificate?: { readonly Status?: string; readonly SubjectAlternativeNames?: readonly string[] };
  };
  if (Certificate?.Status !== 'ISSUED') {
    return fail(`${setting} is ${Certificate?.Status ?? 'of no status'}. Validate it in ACM until it is ISSUED.`);
  }
  const names = Certificate.SubjectAlternativeNames ?? [];
  // A wildcard stands for one label (RFC 6125 section 6.4.3).
  if (!names.includes(name) && !names.includes(name.replace(/^[^.]+/, '*'))) {
    return fail(`${setting} is for ${names.join(', ')}, and gatehouse.domain.name is ${name}. Request one for it.`);
  }
  return ok(`issued in ${region}, for ${name}`);
}

async function aurora({ caller, region, endpoint }: Account): Promise<Outcome> {
  const form = {
    Action: 'DescribeDBEngineVersions',
    Version: '2014-10-31',
    Engine: 'aurora-postgresql',
    EngineVersion: AURORA_VERSION,
  };
  const xml = await call(caller, { service: 'rds', form }, endpoint);
  if (elementIn(xml, 'EngineVersion') !== AURORA_VERSION) {
    return fail(
      `${region} does not offer Aurora PostgreSQL ${AURORA_VERSION}. Deploy to another region, or use a database of kind existing.`,
    );
  }
  // AWS has no question for whether a region has the Data API; a region without it fails at the deployment.
  return ok(`${region} offers Aurora PostgreSQL ${AURORA_VERSION}; whether with the Data API cannot be asked`);
}

/** Executions at once that the stack reserves, all functions together; 0 where it reserves none. */
export function reservedExecutions({ concurrency: { reserved, ...functions }, database }: Settings): number {
  if (!reserved) return 0;
  const { 'mcp-write': writing, ...rest } = functions;
  // seal and migrate run one at a time.
  const alone = 2;
  return Object.values(rest).reduce((sum, each) => sum + each, alone + (database.kind === 'none' ? 0 : writing));
}

async function concurrency(settings: Settings, { caller, endpoint }: Account): Promise<Outcome> {
  const { region, accessKeyId, secretAccessKey, sessionToken } = caller;
  const client = new LambdaClient({
    region,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    ...(endpoint !== undefined && { endpoint }),
  });
  try {
    const abortSignal = AbortSignal.timeout(PATIENCE);
    const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}), { abortSignal });
    const limit = AccountLimit?.ConcurrentExecutions;
    if (limit === undefined) return notChecked('Lambda did not say how many executions this account may run at once');
    const reserved = reservedExecutions(settings);
    const needed = reserved === 0 ? 1 : reserved + UNRESERVED;
    if (limit >= needed) return ok(`${limit} executions at once, ${reserved} of them to be reserved`);
    return fail(
      `This account may run ${limit} executions at once, and ${needed} are needed: ${reserved} to reserve and ${UNRESERVED} that Lambda keeps. Ask for 1,000 in Service Quotas (AWS Lambda, Concurrent executions), or set gatehouse.concurrency.reserved to false.`,
    );
  } finally {
    client.destroy();
  }
}
