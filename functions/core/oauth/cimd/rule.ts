import type { Preset } from '../presets/preset.ts';
import { fitsTemplate } from '../redirect-uri.ts';

/**
 * Who may come with a client metadata document, and what the document may ask for. No rule, no DNS query, no fetch; and
 * what a rule does not name a document cannot have, whoever controls the address one day.
 */
export type DocumentRule = {
  /** The address of the document; `{id}` stands for one path segment. The host is always exact. */
  readonly url: string;
  /** As in a preset: `{id}` is one path segment, a loopback address fits any port. */
  readonly redirectUris: readonly string[];
  /** The most its clients may have; absent is every scope the server knows. */
  readonly ceiling?: readonly string[] | undefined;
  /** The host that `jwks_uri` may be on; absent is none. */
  readonly keysHost?: string | undefined;
  /** A copy of the document as JSON text, for a vendor whose host does not answer data centres. */
  readonly pinned?: string | undefined;
};

/** What the operator wrote about one host. `off` closes the host, presets included. */
export type HostRules = { readonly status: 'on' | 'off'; readonly rules: readonly DocumentRule[] };

/** The rules that come with the enabled presets. */
export function rulesOfPresets(presets: readonly Preset[]): readonly DocumentRule[] {
  return presets.flatMap(({ documents = [] }) => documents);
}

/** The rule that admits this address. One that names it exactly comes before a template: vendors share hosts. */
export function admittingRule(rules: readonly DocumentRule[], url: string): DocumentRule | undefined {
  const sameHost = rules.filter((rule) => new URL(rule.url).host === new URL(url).host);
  return sameHost.find((rule) => rule.url === url) ?? sameHost.find((rule) => fitsTemplate(rule.url, url));
}
