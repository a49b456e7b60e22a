/** As much of oidc-provider 9 as the local identity provider uses; the package ships no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export type Payload = { readonly [name: string]: unknown; readonly grantId?: string; readonly uid?: string };

  export type Adapter = {
    readonly upsert: (id: string, payload: Payload, expiresIn: number | undefined) => Promise<void>;
    readonly find: (id: string) => Promise<Payload | undefined>;
    readonly findByUid: (uid: string) => Promise<Payload | undefined>;
    readonly findByUserCode: (userCode: string) => Promise<Payload | undefined>;
    readonly consume: (id: string) => Promise<void>;
    readonly destroy: (id: string) => Promise<void>;
    readonly revokeByGrantId: (grantId: string) => Promise<void>;
  };

  export type Account = {
    readonly accountId: string;
    readonly claims: () => Promise<Readonly<Record<string, unknown>>>;
  };

  export type Context = {
    body: unknown;
    status: number;
    readonly path: string;
    readonly get: (header: string) => string;
    type: string;
    set: (name: string, value: string) => void;
    readonly response: { readonly get: (name: string) => string | undefined };
    readonly oidc: {
      readonly route?: string;
      readonly account?: { readonly accountId: string };
      readonly client: { readonly clientId: string };
      readonly session: { readonly accountId: string };
      readonly params: { readonly scope?: string };
      readonly provider: Provider;
    };
  };

  export type Grant = { readonly addOIDCScope: (scope: string) => void; readonly save: () => Promise<string> };

  export type Configuration = { readonly [setting: string]: unknown } & {
    readonly adapter: (model: string) => Adapter;
    readonly findAccount: (context: Context, sub: string) => Promise<Account | undefined>;
    readonly loadExistingGrant: (context: Context) => Promise<Grant>;
    readonly renderError: (context: Context, out: Readonly<Record<string, string>>, error: Error) => Promise<void>;
    readonly interactions: { readonly url: (context: Context, interaction: { readonly uid: string }) => string };
  };

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    readonly issuer: string;
    readonly Grant: new (grant: {
      accountId: string;
      clientId: string;
    }) => Grant;
    use(middleware: (context: Context, next: () => Promise<void>) => Promise<void>): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    /** Rejects with an Error named SessionNotFound when the sign-in has expired or belongs to another browser. */
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<{ readonly uid: string }>;
    /** Answers with the redirect back into the authorization. */
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { readonly login: { readonly accountId: string; readonly remember: boolean } },
    ): Promise<void>;
  }
}
