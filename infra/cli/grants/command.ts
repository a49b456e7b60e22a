import { parseArgs } from 'node:util';
import { NEVER } from '../../../functions/core/oauth/lifetimes.ts';
import { Problem } from '../../problem.ts';
import { asOperator, FLAG, TEXT, usageOf } from '../operator.ts';
import { recordedGrants } from '../recorded-desks.ts';
import { type Column, dateOf, textTable } from '../text-table.ts';
import { type GrantRow, type GrantsDesk, openGrantsDesk, type Whose } from './grants-desk.ts';

const USAGE = usageOf(
  [
    'gatehouse grants list [--user SUBJECT] [--client CLIENT_ID] [--json]',
    'gatehouse grants revoke --user SUBJECT | --client CLIENT_ID | --all [--json]',
  ],
  'grants',
);

const columns = (now: number): readonly Column<GrantRow>[] => [
  ['grant', ({ id }) => id],
  ['user', ({ subject }) => subject],
  ['client', ({ clientId }) => clientId],
  ['status', (row) => statusOf(row, now)],
  ['expires', ({ expires }) => dateOf(expires, NEVER)],
  ['scope', ({ scope }) => scope.join(' ')],
];

/**
 * `gatehouse grants`: what people allowed which clients, and the end of it. In the role Operator, against the local
 * stack or a deployed one. A revoked family refuses the next refresh; an access token ends by itself, in minutes.
 *
 * @throws Problem for an argument it cannot use, or a stack it cannot reach
 */
export async function grants(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  if (name !== 'list' && name !== 'revoke') throw new Problem(`gatehouse grants has no "${name}".\n${USAGE}`);
  const { json, user, client, all, role, 'grants-table': table, 'audit-table': auditTable } = parse(rest);
  const whose: Whose = { user, client };
  demandWhose(name, whose, all);
  const said = await asOperator('grants', { role, table, auditTable }, (open, record) => {
    const desk = recordedGrants(openGrantsDesk(open), record);
    return name === 'list' ? list(desk, whose, json) : revoke(desk, whose, json);
  });
  process.stdout.write(said);
}

/** Everybody at once is asked for by a word of its own: a variable of a script that is empty must not mean it. */
function demandWhose(name: 'list' | 'revoke', { user, client }: Whose, all: boolean): void {
  const refuse = (what: string) => {
    throw new Problem(`gatehouse grants ${name} ${what}\n${USAGE}`);
  };
  const named = user !== undefined || client !== undefined;
  if (all && name === 'list') refuse('has no --all: without --user and --client it lists everything.');
  if (all && named) refuse('takes --all alone: leave it out, or --user and --client.');
  if (user === '' || client === '') refuse('got an empty name. Write the subject or client id after the flag.');
  if (name === 'revoke' && !named && !all) {
    refuse('needs --user or --client: it does not revoke everything unless --all says so.');
  }
}

async function list(desk: GrantsDesk, whose: Whose, json: boolean): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const rows = await desk.find(whose);
  if (json) return rows.map((row) => `${JSON.stringify(plain(row, now))}\n`).join('');
  return rows.length === 0 ? 'There are no such grants.\n' : textTable(columns(now), rows);
}

/** Revokes what is there, one grant after another: a failure halfway leaves the others as they were, to be run again. */
async function revoke(desk: GrantsDesk, whose: Whose, json: boolean): Promise<string> {
  const alive = (await desk.find(whose)).filter(({ status }) => status !== 'revoked');
  let revoked = 0;
  for (const { id } of alive) if ((await desk.revoke(id)) === 'revoked') revoked++;
  if (json) return `${JSON.stringify({ ...whose, revoked })}\n`;
  const named = [whose.user && `user ${whose.user}`, whose.client && `client ${whose.client}`].filter(Boolean);
  const of = named.join(', ') || 'everybody';
  if (revoked === 0) return `No grant of ${of} was left to revoke. Compare with: gatehouse grants list\n`;
  return `Revoked ${revoked} ${revoked === 1 ? 'grant' : 'grants'} of ${of}. Access tokens end within 10 minutes.\n`;
}

function plain(row: GrantRow, now: number): Readonly<Record<string, unknown>> {
  const { id, subject, clientId, scope, expires } = row;
  return { grant: id, user: subject, client_id: clientId, status: statusOf(row, now), scope: scope.join(' '), expires };
}

/** `code`: signed in, and the client has not redeemed its code yet. */
function statusOf({ status, expires }: GrantRow, now: number): string {
  return status !== 'revoked' && expires <= now ? 'expired' : status;
}

function parse(args: readonly string[]) {
  const options = {
    json: FLAG,
    all: FLAG,
    user: TEXT,
    client: TEXT,
    role: TEXT,
    'grants-table': TEXT,
    'audit-table': TEXT,
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}
