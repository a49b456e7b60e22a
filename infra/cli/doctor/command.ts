import { parseArgs } from 'node:util';
import { Problem } from '../../problem.ts';
import { CHECKOUT } from '../checkout.ts';
import { TEXT, TEXTS } from '../operator.ts';
import { findAccount } from './account.ts';
import { clientsText } from './clients-text.ts';
import { type Check, exitCodeOf, type Finding, lineOf, notChecked, ok, run } from './finding.ts';
import { type Live, liveChecks, reachable } from './live.ts';
import { machineChecks, settingsOf } from './machine.ts';
import { type Outputs, readOutputs, secretChecks } from './outputs.ts';
import { principlesText } from './principles.ts';
import { providerCheck } from './provider.ts';
import { regionChecks } from './region.ts';

const USAGE = [
  'Usage:',
  '  gatehouse doctor [-c gatehouse.<setting>=<value>]…                            before a deployment',
  '  gatehouse doctor --url https://…/mcp | --outputs FILE [-c …]…                 after it',
  'FILE is what cdk deploy --outputs-file wrote. -c is what cdk deploy was or will be given.',
  'Credentials and a region are those of the AWS CLI; without them, what needs them is "not checked".',
].join('\n');

/**
 * `gatehouse doctor`: what stands in the way of a deployment, and of the clients of a deployed one. It changes nothing and
 * registers nobody. The exit code is 1 when a check failed.
 *
 * @throws Problem for an argument it cannot use
 */
export async function doctor(args: readonly string[]): Promise<void> {
  const { url, outputs: path, context } = parse(args);
  if (url !== undefined && path !== undefined) {
    throw new Problem(`--url and --outputs name the same thing twice. Give one.\n${USAGE}`);
  }
  const outputs = path === undefined ? undefined : readOutputs(path);
  const address = url ?? outputs?.McpUrl;
  const live = address === undefined ? undefined : liveAt(address);
  const findings = await (live === undefined ? beforeDeploy(context) : afterDeploy(live, outputs, context));
  process.exitCode = exitCodeOf(findings);
}

const tell = (finding: Finding) => void process.stdout.write(lineOf(finding));

async function beforeDeploy(replaced: readonly string[]): Promise<readonly Finding[]> {
  const read = settingsOf(CHECKOUT, replaced);
  const { settings } = read;
  const first = await run([...machineChecks(read), ...(settings ? [providerCheck(settings.identity)] : [])], tell);
  const found = await findAccount(process.env.AWS_ENDPOINT_URL);
  const account: Check = {
    name: 'AWS account',
    look: async () =>
      'outcome' in found
        ? found.outcome
        : ok(`${found.account.id} in ${found.account.region}, as ${found.account.arn}`),
  };
  const rest: Check[] =
    settings !== undefined && 'account' in found
      ? regionChecks(settings, found.account)
      : [{ name: 'account and region', look: async () => notChecked('needs good settings and AWS credentials') }];
  const second = await run([account, ...rest], tell);
  const findings = [...first, ...second];
  process.stdout.write(
    exitCodeOf(findings) === 0
      ? 'Nothing stands in the way that was looked at. Next: npx cdk deploy --all --outputs-file outputs.json\n'
      : 'Put right what failed, and run this again.\n',
  );
  return findings;
}

async function afterDeploy(
  live: Live,
  outputs: Outputs | undefined,
  replaced: readonly string[],
): Promise<readonly Finding[]> {
  const { settings } = settingsOf(CHECKOUT, replaced);
  const [first] = await run([reachable(live)], tell);
  if (first?.status !== 'ok') return first ? [first] : [];
  const checks = liveChecks(live, settings?.registration);
  const principles = new Map(checks.map(({ name, principle }) => [name, principle]));
  const seen = await run(checks, tell);
  const secrets = outputs
    ? await run(secretChecks(outputs, await findAccount(process.env.AWS_ENDPOINT_URL)), tell)
    : [];
  const graded = seen.flatMap((finding) => {
    const principle = principles.get(finding.name);
    return principle === undefined ? [] : [{ ...finding, principle }];
  });
  process.stdout.write(`\n${principlesText(graded)}\n${clientsText(live.mcp, live.loopback)}`);
  return [...seen, ...secrets];
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function liveAt(address: string): Live {
  const mcp = URL.canParse(address) ? new URL(address) : undefined;
  const loopback = LOOPBACK.has(mcp?.hostname ?? '');
  if (mcp === undefined || !(mcp.protocol === 'https:' || (mcp.protocol === 'http:' && loopback))) {
    throw new Problem(
      `${address} is no address of a server. Give the output McpUrl, like https://mcp.example.com/mcp.`,
    );
  }
  if (mcp.href !== address || mcp.pathname === '/' || `${mcp.username}${mcp.search}${mcp.hash}` !== '') {
    throw new Problem(`${address} is not how clients are given it. Use the output McpUrl as it is: it ends in /mcp.`);
  }
  return { mcp, origin: mcp.origin, loopback };
}

function parse(args: readonly string[]) {
  try {
    const options = { url: TEXT, outputs: TEXT, context: { ...TEXTS, short: 'c' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}
