import { isDocumentUrl } from '../../../functions/core/oauth/cimd/document-url.ts';
import { Problem } from '../../problem.ts';
import { redirectUris } from '../clients/arguments.ts';

/** What stands for one part of a path in a template. */
const PART = '{id}';

/**
 * The one address a command is about: of a client's document, or a template of such addresses.
 *
 * @throws Problem when it is neither, by the check that the functions make before they fetch
 */
export function oneAddress(verb: string, addresses: readonly string[]): string {
  const [address, ...more] = addresses;
  if (address === undefined || more.length > 0) {
    throw new Problem(
      `gatehouse clients rules ${verb} takes one address, and ${addresses.length} came. Write, for example, https://app.example/oauth/client.json`,
    );
  }
  const examples = examplesOf(address);
  if (examples?.every(isDocumentUrl)) return address;
  throw new Problem(
    `"${address}" can be no address of a client's document. Use a canonical https URL of a public host, with a path and without port or query; ${PART} may stand once in the path.`,
  );
}

/**
 * Templates of redirect URIs: each address they can stand for is one that can be registered.
 *
 * @throws Problem naming the first that cannot be used
 */
export function redirectTemplates(templates: readonly string[]): readonly string[] {
  const examples = templates.map((template) => {
    const [example] = examplesOf(template) ?? [];
    if (example !== undefined) return example;
    throw new Problem(
      `--redirect-uri is ${JSON.stringify(template)}. ${PART} may stand once, in the path: a template that left the host open would let others' hosts in.`,
    );
  });
  redirectUris(examples);
  return [...new Set(templates)];
}

/** The host of a `jwks_uri`. @throws Problem */
export function keysHostOf(host: string | undefined): string | undefined {
  if (host === undefined || isDocumentUrl(`https://${host}/keys`)) return host;
  throw new Problem(`--keys-host is "${host}". Use the name of a public host, such as keys.app.example.`);
}

/** Two addresses that a template stands for; `undefined` where they differ in more than their path. */
function examplesOf(template: string): readonly [string, string] | undefined {
  if (!/[{}]/.test(template)) return [template, template];
  if (/[{}]/.test(template.replace(PART, ''))) return undefined;
  const examples = [template.replace(PART, 'a'), template.replace(PART, 'b')] as const;
  const [one, other] = [URL.parse(examples[0]), URL.parse(examples[1])];
  if (one === null || other === null || one.pathname === other.pathname) return undefined;
  other.pathname = one.pathname;
  return other.href === one.href ? examples : undefined;
}
