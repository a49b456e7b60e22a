import type pc from 'picocolors';

type Colors = typeof pc;

/** What the terminal says about a tool; `functions/tools` is where it comes from. */
export type ToolLine = {
  readonly name: string;
  readonly access: 'read' | 'write';
  readonly scopes: readonly string[];
  readonly approval: boolean;
};

export type Banner = {
  readonly mcpUrl: string;
  readonly seconds: number;
  readonly people: readonly { readonly login: string; readonly about: string }[];
  readonly tools: readonly ToolLine[];
  /** Whether there is one: with the setting `database.kind` none there are no rows. */
  readonly database: boolean;
  readonly stateDirectory: string;
  readonly keys: boolean;
};

const LABEL = 13;

/**
 * The block that greets whoever started the stack: the address, who may sign in, what there is to call. The line that
 * starts with `MCP server` is read by scripts; it looks the same with colours off.
 */
export function banner(about: Banner, colors: Colors): string {
  const { bold, cyan, dim } = colors;
  const labelled = (label: string, text: string) => `  ${label.padEnd(LABEL)}${text}`;
  const people = about.people.map(({ login, about }) => `${bold(login)} (${about})`).join('  ');
  const lines = [
    '',
    `  ${bold('Gatehouse')}  local  ready in ${about.seconds.toFixed(1)} s`,
    '',
    labelled(
      'MCP server',
      `${cyan(about.mcpUrl)}${dim('         paste this into Claude, ChatGPT, Cursor or VS Code')}`,
    ),
    labelled('Sign in as', `${people}      any password`),
    '',
    ...toolLines(about.tools).map((line, index) => labelled(index === 0 ? 'Tools' : '', line)),
    labelled(
      'Local only',
      `${about.database ? 'embedded PostgreSQL 17' : 'no database'}, test identity provider, state in ${about.stateDirectory}/ (--fresh clears it)`,
    ),
    '',
    `  ${dim('claude mcp add --transport http gatehouse')} ${about.mcpUrl}`,
    '',
    ...(about.keys ? [`  ${bold('r')} restart   ${bold('q')} quit`] : []),
    `  ${dim('─'.repeat(63))}`,
    '',
  ];
  return lines.join('\n');
}

function toolLines(tools: readonly ToolLine[]): string[] {
  const width = Math.max(...tools.map(({ name }) => name.length)) + 2;
  return tools.map(({ name, access, scopes, approval }) => {
    const needs = scopes.length > 0 ? scopes.join(' ') : '–';
    return `${name.padEnd(width)}${access.padEnd(8)}${needs}${approval ? '   a person approves' : ''}`;
  });
}
