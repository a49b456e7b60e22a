import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isDocumentUrl } from '../../../functions/core/oauth/cimd/document-url.ts';
import { parseClientId } from '../../../functions/core/oauth/identifiers.ts';
import {
  drawInitialAccessToken,
  parseInitialAccessTokenId,
} from '../../../functions/core/oauth/initial-access-token.ts';
import { CLIENT_IDLE, NEVER } from '../../../functions/core/oauth/lifetimes.ts';
import { Problem } from '../../problem.ts';
import { asOperator, FLAG, TEXT, TEXTS, usageOf } from '../operator.ts';
import { recordedRegistry } from '../recorded-desks.ts';
import { rules } from '../rules/command.ts';
import { dateOf, printable } from '../text-table.ts';
import { assertionKeys, clientName, duration, oneClientId, redirectUris, scopeCeiling, usesOf } from './arguments.ts';
import { openRegistryDesk, type RegistryDesk } from './registry-desk.ts';
import { shownClients } from './show.ts';

const USAGE = usageOf(
  [
    'gatehouse clients list [--json]',
    'gatehouse clients add --name NAME --redirect-uri URI … [--scope SCOPE …]',
    '                      [--private-key-jwt --jwks FILE] [--json]',
    'gatehouse clients approve | disable | remove CLIENT_ID [--json]',
    'gatehouse clients invite [--scope SCOPE …] [--expires 24h] [--uses N] [--json]',
    'gatehouse clients uninvite INVITATION_ID [--json]',
    'gatehouse clients rules list | add | remove …',
  ],
  'registry',
);

type Options = ReturnType<typeof parse>;
/** What a verb did: the fields of `--json`, and the same for people. */
type Done = { readonly json: Readonly<Record<string, unknown>>; readonly text: string };
type Verb = (desk: RegistryDesk, options: Options, ids: readonly string[]) => Promise<Done>;

/** The verbs that name what they are about. */
const ABOUT_ONE = new Set(['approve', 'disable', 'remove', 'uninvite']);

const now = () => Math.floor(Date.now() / 1000);

/**
 * `gatehouse clients`: who is in the registry. In the role Operator, against the local stack or a deployed one.
 *
 * @throws Problem for an argument it cannot use, an id that is not there, or a stack it cannot reach
 */
export async function clients(args: readonly string[]): Promise<void> {
  const [name = '', ...rest] = args;
  if (name === 'rules') return rules(rest);
  if (name !== 'list' && !Object.hasOwn(VERBS, name))
    throw new Problem(`gatehouse clients has no "${name}".\n${USAGE}`);
  const { values, positionals } = parseLine(rest);
  if (!ABOUT_ONE.has(name) && positionals.length > 0) {
    throw new Problem(`gatehouse clients ${name} takes no "${positionals[0]}".\n${USAGE}`);
  }
  const deployed = { role: values.role, table: values['registry-table'], auditTable: values['audit-table'] };
  const verb = VERBS[name];
  const said = await asOperator('registry', deployed, async (table, record) => {
    const desk = recordedRegistry(openRegistryDesk(table), record);
    if (verb === undefined) return shownClients(await desk.list(), now(), values.json);
    const { json, text } = await verb(desk, { values, positionals }, positionals);
    return values.json ? `${JSON.stringify(json)}\n` : `${text}\n`;
  });
  process.stdout.write(said);
}

const VERBS: Readonly<Record<string, Verb>> = {
  add: async (desk, { values }) => {
    const name = clientName(values.name);
    const uris = redirectUris(values['redirect-uri']);
    const ceiling = scopeCeiling(values.scope);
    const keys = assertionKeys(values['private-key-jwt'], values.jwks);
    const authentication = keys === undefined ? 'none' : 'private_key_jwt';
    const id = parseClientId(randomBytes(16).toString('hex'));
    if (id === undefined) throw new Error('hexadecimal digits are always a usable client id');
    const outcome = await desk.add({
      id,
      source: 'static',
      status: 'on',
      name,
      redirectUris: uris,
      authentication,
      keys,
      grantTypes: ['authorization_code', 'refresh_token'],
      ceiling,
      vettedAs: [],
      expires: NEVER,
    });
    if (outcome === 'already') throw new Problem(`A client ${id} is there already. Run it again for another id.`);
    const shown = { client_id: id, name, redirect_uris: uris, scope: ceiling?.join(' ') ?? null };
    const kind = keys === undefined ? 'a public client (PKCE, no secret)' : 'signs assertions (private_key_jwt)';
    const json = { ...shown, token_endpoint_auth_method: authentication };
    return { json, text: `Added ${printable(name)}, ${kind}. Its id:\n${id}` };
  },
  approve: async (desk, _, ids) => {
    const id = oneClientId('approve', ids);
    // A document is forgotten when nobody signs in with it, as if it had just been fetched.
    const expires = isDocumentUrl(id) ? now() + CLIENT_IDLE : NEVER;
    if ((await desk.approve(id, expires)) === 'unknown') throw unknown(id);
    const until = expires === NEVER ? 'does not expire' : 'stays as long as its document and rule admit it';
    return { json: { client_id: id, status: 'on' }, text: `Client ${id} is on, and ${until}.` };
  },
  disable: async (desk, _, ids) => {
    const id = oneClientId('disable', ids);
    if ((await desk.disable(id)) === 'unknown') throw unknown(id);
    const text = `Client ${id} is off: no sign-in, no token, no refresh. Access tokens it has end within 10 minutes.`;
    return { json: { client_id: id, status: 'disabled' }, text };
  },
  remove: async (desk, _, ids) => {
    const id = oneClientId('remove', ids);
    if (isDocumentUrl(id)) {
      throw new Problem(
        `Client ${id} comes by its document and has no entry to remove. Use: gatehouse clients disable`,
      );
    }
    if ((await desk.remove(id)) === 'unknown') throw unknown(id);
    const again = 'If it registered itself, it can do so again, under the same id; to keep it out, disable it instead.';
    return { json: { client_id: id, status: 'removed' }, text: `Client ${id} is removed. ${again}` };
  },
  invite: async (desk, { values }) => {
    const ceiling = scopeCeiling(values.scope);
    const expires = now() + duration('--expires', values.expires);
    const uses = usesOf(values.uses);
    const { token, text } = drawInitialAccessToken(randomBytes, { ceiling, uses, expires });
    if ((await desk.invite(token)) === 'already') throw new Problem('That invitation is there already. Run it again.');
    const scope = ceiling?.join(' ');
    return {
      json: { invitation_id: token.id, initial_access_token: text, scope: scope ?? null, uses: uses ?? null, expires },
      text: [
        `Initial access token, shown this once:\n${text}`,
        `Good until ${dateOf(expires, NEVER)} for ${uses === undefined ? 'any number of clients' : uses === 1 ? 'one client' : `${uses} clients`}, each with ${scope ?? 'every scope'} at most.`,
        `It is sent as "Authorization: Bearer" to /register, where gatehouse.registration.dcr is "token".`,
        `To take it back: gatehouse clients uninvite ${token.id}`,
      ].join('\n'),
    };
  },
  uninvite: async (desk, _, ids) => {
    const [id] = ids.map(parseInitialAccessTokenId);
    if (id === undefined || ids.length !== 1) {
      throw new Problem(
        `gatehouse clients uninvite takes one invitation id, 22 characters: the token's part before the dot.`,
      );
    }
    if ((await desk.uninvite(id)) === 'unknown') {
      throw new Problem(`There is no invitation ${id}. It has expired or was taken back, or belongs to another stack.`);
    }
    const text = `Invitation ${id} is taken back. Clients that used it stay; see: gatehouse clients list`;
    return { json: { invitation_id: id, status: 'removed' }, text };
  },
};

function unknown(id: string): Problem {
  return new Problem(`No client ${id} is in the registry, so nothing was changed. See: gatehouse clients list`);
}

function parseLine(args: readonly string[]): Options {
  try {
    return parse(withNegativeNumbers(args));
  } catch (error) {
    throw new Problem(`${(error as Error).message}\n${USAGE}`);
  }
}

/** `--uses -1` would be taken for two options, and the person told about dashes instead of about the number. */
function withNegativeNumbers(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--uses');
  const value = at < 0 ? undefined : args[at + 1];
  if (value === undefined || !/^-\d/.test(value)) return args;
  return [...args.slice(0, at), `--uses=${value}`, ...args.slice(at + 2)];
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: FLAG,
      name: TEXT,
      'private-key-jwt': FLAG,
      jwks: TEXT,
      'redirect-uri': TEXTS,
      scope: TEXTS,
      expires: { type: 'string', default: '24h' },
      uses: TEXT,
      role: TEXT,
      'registry-table': TEXT,
      'audit-table': TEXT,
    },
  });
}
