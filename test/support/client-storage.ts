/**
 * What an MCP client keeps between its steps, for the OAuth provider interface that both SDK lines share. The browser's
 * part is recorded, not played: the test signs in and hands the callback back.
 */
export class ClientStorage {
  readonly redirectUrl: string;
  readonly clientMetadata: {
    readonly redirect_uris: string[];
    readonly client_name: string;
    readonly grant_types: string[];
    readonly response_types: string[];
    readonly token_endpoint_auth_method: string;
  };
  authorizeUrl: URL | undefined;
  #information: { client_id: string } | undefined;
  #tokens: { access_token: string; token_type: string; refresh_token?: string } | undefined;
  #discovered: unknown;
  #verifier = '';
  #state = '';

  constructor(name: string, redirectUrl: string) {
    this.redirectUrl = redirectUrl;
    this.clientMetadata = {
      redirect_uris: [redirectUrl],
      client_name: name,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }

  expectsState(callback: URL): boolean {
    return callback.searchParams.get('state') === this.#state;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the two SDK lines declare different types for the same record
  clientInformation(): any {
    return this.#information;
  }

  saveClientInformation(information: { client_id: string }): void {
    this.#information = information;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  tokens(): any {
    return this.#tokens;
  }

  saveTokens(tokens: { access_token: string; token_type: string; refresh_token?: string }): void {
    this.#tokens = tokens;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  discoveryState(): any {
    return this.#discovered;
  }

  saveDiscoveryState(discovered: unknown): void {
    this.#discovered = discovered;
  }

  /** Makes the next request refresh: the access token is no longer any good, the refresh token is. */
  spoilAccessToken(): void {
    if (this.#tokens) this.#tokens = { ...this.#tokens, access_token: 'spoiled' };
  }

  redirectToAuthorization(url: URL): void {
    this.authorizeUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }
}
