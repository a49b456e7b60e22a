/** What a person pastes into each client to connect it; the root README shows the same for the stack on this machine. */
export function clientsText({ href }: URL, loopback: boolean): string {
  const entry = (value: unknown) => JSON.stringify(value);
  return [
    'Connect a client:',
    `  Claude Code   claude mcp add --transport http gatehouse ${href}`,
    `  Cursor        .cursor/mcp.json    ${entry({ mcpServers: { gatehouse: { url: href } } })}`,
    `  VS Code       .vscode/mcp.json    ${entry({ servers: { gatehouse: { type: 'http', url: href } } })}`,
    loopback
      ? '  ChatGPT       comes from the internet: it cannot reach this machine'
      : `  ChatGPT       Settings, Apps & Connectors, developer mode, Create: MCP server URL ${href}, authentication OAuth`,
    '',
  ].join('\n');
}
