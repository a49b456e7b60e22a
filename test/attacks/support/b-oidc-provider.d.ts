/** What the oracle uses of oidc-provider beyond what the local identity provider does. */
declare module 'oidc-provider' {
  export const errors: { readonly InvalidTarget: new () => Error };
}
