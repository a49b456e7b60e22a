import { composeMcpWrite } from '../compose/mcp-write.ts';

/** Invoked by `mcp` for a tool that writes. Believes nothing but the token in the call. */
export const handler = composeMcpWrite();
