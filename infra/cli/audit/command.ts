import { parseArgs } from 'node:util';
import { keyId } from '../../../functions/core/audit/checkpoint.ts';
import type { Proof } from '../../../functions/core/audit/prove.ts';
import { Problem } from '../../problem.ts';
import { FLAG, TEXT, TEXTS } from '../operator.ts';
import { type AuditStack, openAuditStack } from './audit-stack.ts';
import { exportAudit } from './export.ts';
import { requireDays } from './period.ts';
import { proveLive } from './prove-live.ts';
import { pemOf, publicKeysIn } from './public-keys.ts';
import { printQuery } from './query.ts';
import { QUERY_OPTIONS, queryOf } from './query-arguments.ts';
import { proveExport } from './read-export.ts';
import { counted, reportText, throughText } from './report.ts';
import { tail } from './tail-command.ts';

const USAGE = [
  'Usage:',
  '  gatehouse audit tail [--json] [--limit N] [--no-follow]',
  '  gatehouse audit query [--user SUBJECT] [--client ID] [--tool NAME] [--outcome DECISION] [--since T] [--until T]',
  '                        [--limit N] [--json | --csv] [--outputs FILE]',
  '  gatehouse audit export --out DIR [--from DAY] [--to DAY] [--no-seal] [--json]',
  '  gatehouse audit verify [--export DIR] [--pubkey FILE]… [--from DAY] [--to DAY] [--json]',
  '  gatehouse audit key',
  'Days are UTC, like 2026-01-31; without them it is about everything that was sealed.',
  'This is about the stack that runs on this machine. For a deployed one add --outputs FILE, the file that',
  'cdk deploy --outputs-file wrote, with credentials that may assume its roles AuditReader and AuditSealer.',
].join('\n');

const EXIT: Readonly<Record<Proof['verdict'], number>> = { whole: 0, tampered: 1, incomplete: 2 };

/** Nothing could be proved, for a reason that is not the log's. */
const NOT_PROVED = 3;

/**
 * `gatehouse audit`: what was called, and the proof that nothing of it was changed. `verify` sets the exit code: 0 whole,
 * 1 tampered, 2 incomplete, 3 when it could not look.
 *
 * @throws Problem for an argument it cannot use, or a stack it cannot reach
 */
export async function audit(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  switch (name) {
    case 'tail': {
      const { json, limit, 'no-follow': once } = parse(rest, { json: FLAG, 'no-follow': FLAG, limit: LIMIT });
      return tail({ json, limit, follow: !once });
    }
    case 'query':
      return runQuery(rest);
    case 'export':
      return runExport(parse(rest, { ...PERIOD, out: TEXT, 'no-seal': FLAG }));
    case 'verify':
      return runVerify(rest);
    case 'key':
      return showKey(parse(rest, { outputs: TEXT }).outputs);
    default:
      throw new Problem(`gatehouse audit ${name === '' ? 'needs to know what to do' : `has no "${name}"`}.\n${USAGE}`);
  }
}

const LIMIT = { type: 'string', default: '20' } as const;
const PERIOD = { from: TEXT, to: TEXT, outputs: TEXT, json: FLAG } as const;

async function runQuery(args: string[]): Promise<void> {
  const asked = queryOf(parse(args, QUERY_OPTIONS), Date.now());
  await withStack(asked.outputs, (stack) => printQuery(stack, asked));
}

type ExportOptions = {
  readonly [Name in 'from' | 'to' | 'outputs' | 'out']?: string | undefined;
} & { readonly json: boolean; readonly 'no-seal': boolean };

async function runExport({ from, to, out, outputs, json, 'no-seal': unsealed }: ExportOptions): Promise<void> {
  if (out === undefined) throw new Problem(`gatehouse audit export needs --out, a directory to write to.\n${USAGE}`);
  const asked = { from, to };
  requireDays(asked);
  const options = { directory: out, asked, seal: !unsealed };
  const { manifest, broken } = await withStack(outputs, (stack) => exportAudit(stack, options));
  if (json) return void process.stdout.write(`${JSON.stringify(manifest)}\n`);
  const { period, files, key, formerKeys = [] } = manifest;
  const keys = [key, ...formerKeys].map(({ id }) => id).join(' and before it ');
  process.stdout.write(
    [
      `Exported ${period.from} to ${period.to}, ${throughText(period.sealedThrough)}, to ${out}:`,
      `  ${counted(files['records.jsonl'].lines, 'record')}, ${counted(files['checkpoints.jsonl'].lines, 'checkpoint')}, signed by ${keys}`,
      ...(broken === undefined ? [] : [`  The seal says: ${broken}`]),
      `Prove it: gatehouse audit verify --export ${out} --pubkey <the key you know: gatehouse audit key>`,
      '',
    ].join('\n'),
  );
}

async function runVerify(args: string[]): Promise<void> {
  try {
    const options = parse(args, { ...PERIOD, export: TEXT, pubkey: TEXTS });
    const { from, to, outputs, json, export: directory, pubkey } = options;
    requireDays({ from, to });
    const demand = { from, to, pems: pubkey.flatMap(publicKeysIn) };
    const proof =
      directory === undefined
        ? await withStack(outputs, (stack) => proveLive(stack, demand))
        : await proveExport(directory, demand);
    process.stdout.write(json ? `${JSON.stringify(proof)}\n` : reportText(proof));
    process.exitCode = EXIT[proof.verdict];
  } catch (error) {
    // Not 1, whatever it was: that would say the log was tampered with.
    process.stderr.write(`${error instanceof Problem ? error.message : ((error as Error).stack ?? error)}\n`);
    process.exitCode = NOT_PROVED;
  }
}

async function showKey(outputs: string | undefined): Promise<void> {
  const keys = await withStack(outputs, (stack) => stack.publicKeys());
  for (const [at, key] of keys.entries()) {
    process.stdout.write(pemOf(key));
    process.stderr.write(`key ${keyId(key)}${at === 0 ? '' : ', which signed before'}\n`);
  }
}

async function withStack<T>(outputs: string | undefined, work: (stack: AuditStack) => Promise<T>): Promise<T> {
  const stack = openAuditStack(outputs);
  try {
    return await work(stack);
  } catch (error) {
    if (error instanceof Problem || !isRefusalOfAws(error)) throw error;
    throw new Problem(`AWS did not answer what was asked: ${error.name}: ${error.message}`);
  } finally {
    stack.close();
  }
}

/** An answer of AWS, or none: not a bug of ours. */
function isRefusalOfAws(error: unknown): error is Error {
  return (
    error instanceof Error && ('$metadata' in error || 'code' in error || error.name === 'CredentialsProviderError')
  );
}

function parse<const O extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  args: string[],
  options: O,
) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}
