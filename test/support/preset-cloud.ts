import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { CloudOptions } from '../../infra/local/cloud.ts';
import { Browser, formOf } from './browser.ts';
import { ClientStorage } from './client-storage.ts';
import { startOwnCloud } from './own-cloud.ts';
import { type Person, signIn } from './sign-in.ts';

const REDIRECT_URI = 'http://localhost:6274/oauth/callback';

export type PresetCloud = Awaited<ReturnType<typeof startPresetCloud>>;

/** A cloud whose settings name this identity provider, and a person's whole way through it. */
export async function startPresetCloud(
  identity: { readonly kind: string; readonly issuer?: string },
  options: Partial<CloudOptions> = {},
) {
  const logs: string[] = [];
  // cdk.json has Cognito: nothing to synthesize that others have not.
  const settings = identity.kind === 'cognito' ? {} : { identity };
  const cloud = await startOwnCloud({ settings, onLog: (_, line) => logs.push(line), ...options });
  const path = new URL(identity.issuer ?? '/', 'http://localhost').pathname.replace(/\/$/, '');
  const transportOf = (authProvider: ClientStorage) =>
    new StreamableHTTPClientTransport(new URL(cloud.mcpUrl), { authProvider });
  const aClient = () => new Client({ name: 'test', version: '1' });

  /** Up to where the application has an address to send its person to. */
  const begin = async () => {
    const storage = new ClientStorage('MCP Inspector', REDIRECT_URI);
    const transport = transportOf(storage);
    await aClient()
      .connect(transport)
      .catch(() => {});
    return { storage, transport, url: storage.authorizeUrl ?? '' };
  };

  return {
    ...cloud,
    logs,
    /** Where this cloud expects its provider. */
    identityIssuer: `http://localhost:${Number(new URL(cloud.issuer).port) + 1}${path}`,
    /** What the client is sent back with, when somebody signs in. */
    answerTo: async (person: Person) =>
      Object.fromEntries((await signIn((await begin()).url, REDIRECT_URI, { as: person })).searchParams),
    /** What a tool knows of somebody who signed in: from the client's first request to the tool's answer. */
    whoami: async (person: Person) => {
      const { storage, transport, url } = await begin();
      const callback = await signIn(url, REDIRECT_URI, { as: person });
      await transport.finishAuth(callback.searchParams);
      const client = aClient();
      await client.connect(transportOf(storage));
      const { structuredContent } = await client.callTool({ name: 'whoami', arguments: {} });
      await client.close();
      const { columns, rows } = structuredContent as { columns: readonly string[]; rows: readonly unknown[][] };
      return Object.fromEntries(columns.map((column, at) => [column, rows[0]?.[at]]));
    },
    /** Agrees, and comes back from a provider that has this nonce. Returns what the client is sent back with. */
    comeBack: async (answer: (nonce: string) => void) => {
      const browser = new Browser();
      const { url } = await begin();
      const form = await pageForm(browser, url);
      form.fields.append('decision', 'approve');
      const asked = await browser.submit(form, ({ origin }) => origin !== cloud.issuer);
      if (!(asked instanceof URL)) throw new Error(`nobody was sent to the provider: ${asked.html.slice(0, 300)}`);
      answer(asked.searchParams.get('nonce') ?? '');
      const query = new URLSearchParams({ state: asked.searchParams.get('state') ?? '', code: 'upstream' });
      const landed = await browser.open(`${cloud.issuer}/callback?${query}`, ({ href }) =>
        href.startsWith(REDIRECT_URI),
      );
      if (!(landed instanceof URL)) throw new Error(`the sign-in ended on a page: ${landed.html.slice(0, 300)}`);
      return Object.fromEntries(landed.searchParams);
    },
    /** What the client hears instead of anybody seeing a consent page. */
    refusedAtOnce: async () => {
      const landed = await new Browser().open((await begin()).url, ({ href }) => href.startsWith(REDIRECT_URI));
      if (!(landed instanceof URL)) throw new Error(`there is a page: ${landed.html.slice(0, 300)}`);
      return Object.fromEntries(landed.searchParams);
    },
  };
}

async function pageForm(browser: Browser, url: URL | string) {
  const page = await browser.open(url, () => false);
  if (page instanceof URL) throw new Error(`redirected to ${page.href} before any page`);
  return formOf(page);
}
