import { parseArgs } from 'node:util';
import { Problem } from '../../problem.ts';
import { scopeCeiling } from '../clients/arguments.ts';
import { asOperator, FLAG, TEXT, TEXTS, usageOf } from '../operator.ts';
import { recordedRules } from '../recorded-desks.ts';
import { type Column, textTable } from '../text-table.ts';
import { keysHostOf, oneAddress, redirectTemplates } from './arguments.ts';
import { type Entry, openRulesDesk, type RulesDesk } from './rules-desk.ts';

const USAGE = usageOf(
  [
    'gatehouse clients rules list [--json]',
    'gatehouse clients rules add URL --redirect-uri URI … [--scope SCOPE …] [--keys-host HOST] [--json]',
    'gatehouse clients rules remove URL [--json]',
  ],
  'registry',
);

const COLUMNS: readonly Column<Entry>[] = [
  ['document', ({ host, rule }) => rule?.url ?? `https://${host}`],
  ['status', ({ status }) => status],
  ['scope at most', ({ rule }) => (rule ? (rule.ceiling?.join(' ') ?? 'every scope') : '')],
  ['keys at', ({ rule }) => rule?.keysHost ?? ''],
  ['redirect URIs', ({ rule }) => rule?.redirectUris.join(' ') ?? ''],
];

type Options = ReturnType<typeof parse>;

/**
 * `gatehouse clients rules`: which clients may come with a document at their address, without a deployment. In the role
 * Operator, against the local stack or a deployed one; what is written holds from the next request on.
 *
 * @throws Problem for an argument it cannot use, a rule that is not there, or a stack it cannot reach
 */
export async function rules(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) throw new Problem(`gatehouse clients rules has no "${name}".\n${USAGE}`);
  const options = parse(rest);
  const { role, 'registry-table': table, 'audit-table': auditTable } = options.values;
  const said = await asOperator('registry', { role, table, auditTable }, (open, record) =>
    verb(recordedRules(openRulesDesk(open), record), options),
  );
  process.stdout.write(said);
}

const VERBS: Readonly<Record<string, (desk: RulesDesk, options: Options) => Promise<string>>> = {
  list: async (desk, { values, positionals }) => {
    if (positionals.length > 0)
      throw new Problem(`gatehouse clients rules list takes no "${positionals[0]}".\n${USAGE}`);
    const entries = await desk.list();
    if (values.json) return entries.map((entry) => `${JSON.stringify(plain(entry))}\n`).join('');
    return entries.length === 0
      ? 'There are no rules. Clients with a document may come as far as the vetted ones of cdk.json do.\n'
      : textTable(COLUMNS, entries);
  },
  add: async (desk, { values, positionals }) => {
    const url = oneAddress('add', positionals);
    const redirectUris = redirectTemplates(values['redirect-uri']);
    const ceiling = scopeCeiling(values.scope);
    const keysHost = keysHostOf(values['keys-host']);
    const { host } = new URL(url);
    const rule = {
      url,
      redirectUris,
      ...(ceiling && { ceiling }),
      ...(keysHost !== undefined && { keysHost }),
    };
    if ((await desk.add(host, rule)) === 'already') {
      throw new Problem(`There is a rule for ${url} already, which was left as it is. To change it, remove it first.`);
    }
    if (values.json) return `${JSON.stringify(plain({ host, status: 'on', rule }))}\n`;
    const scope = ceiling?.join(' ') ?? 'every scope';
    return `${whatOf(url)} may come with a document, with ${scope} at most. See: gatehouse clients rules list\n`;
  },
  remove: async (desk, { values, positionals }) => {
    const url = oneAddress('remove', positionals);
    if ((await desk.remove(new URL(url).host, url)) === 'unknown') {
      throw new Problem(`There is no rule for ${url}, so nothing was changed. See: gatehouse clients rules list`);
    }
    if (values.json) return `${JSON.stringify({ url, status: 'removed' })}\n`;
    return `The rule for ${url} is removed: no sign-in, no token, no refresh under it, unless a vetted client's rule admits them. Access tokens end within 10 minutes.\n`;
  },
};

function whatOf(url: string): string {
  return url.includes('{id}') ? `Clients at ${url}` : `The client ${url}`;
}

function plain({ host, status, rule }: Entry): Readonly<Record<string, unknown>> {
  if (rule === undefined) return { host, status };
  return {
    url: rule.url,
    status,
    redirect_uris: rule.redirectUris,
    scope: rule.ceiling?.join(' ') ?? null,
    keys_host: rule.keysHost ?? null,
    pinned: rule.pinned !== undefined,
  };
}

function parse(args: readonly string[]) {
  const options = {
    json: FLAG,
    'redirect-uri': TEXTS,
    scope: TEXTS,
    'keys-host': TEXT,
    role: TEXT,
    'registry-table': TEXT,
    'audit-table': TEXT,
  } as const;
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}
