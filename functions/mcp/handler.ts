import { composeMcp } from '../compose/mcp.ts';

/** POST /mcp: the tools. Verifies every token itself; reads as `mcp_reader`; hands writes to `mcp-write`. */
export const handler = composeMcp();
