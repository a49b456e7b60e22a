/** RFC 8707: the one resource of this server, and the one audience of its tokens. */
export function resourceOf({ ISSUER }: { readonly ISSUER: string }): string {
  return `${ISSUER}/mcp`;
}
