import type { DocumentRule } from '../cimd/rule.ts';

/**
 * A client that an operator may let register itself, by name. Vendors change their addresses, so a preset is data with
 * its source and the day it was looked up, never code.
 */
export type Preset = {
  /** The name in cdk.json. */
  readonly name: string;
  /** The product, as people know it. */
  readonly title: string;
  /**
   * The redirect URIs it uses. `{id}` stands for one path segment; a loopback address fits any port (RFC 8252 section
   * 7.3); a custom scheme fits exactly this address.
   */
  readonly redirectUris: readonly string[];
  /** The documents it describes itself in (client id metadata documents), and what each may ask for. */
  readonly documents?: readonly DocumentRule[];
  readonly source: string;
  /** ISO 8601. */
  readonly checked: string;
};
