import { PEOPLE } from '../../infra/local/identity/people.ts';
import { type Caller, call } from './signed-call.ts';

/**
 * A user pool with the people of the end-to-end tests, made as its administrator would, and a client for us in it. The
 * client's callback is our API's address, which nobody knows before it is deployed: it is told afterwards.
 */
export type Pool = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly allow: (callback: string) => Promise<void>;
};

/** How the people's names are written on Cognito's page; for the tests' `E2E_LOGIN`. */
export const LOGIN = '{person}@example.com';

/** @param password of all of them @throws Error with what Cognito answered */
export async function makePool(caller: Caller, password: string): Promise<Pool> {
  const cognito = async <T>(operation: string, input: unknown): Promise<T> => {
    const target = `AWSCognitoIdentityProviderService.${operation}`;
    return (await call(caller, { service: 'cognito-idp', target, input })) as T;
  };
  const { UserPool } = await cognito<{ UserPool: { Id: string } }>('CreateUserPool', {
    PoolName: 'gatehouse-deploy-test',
    UsernameAttributes: ['email'],
    AutoVerifiedAttributes: ['email'],
    Schema: [{ Name: 'tenant', AttributeDataType: 'String', Mutable: true }],
  });
  const UserPoolId = UserPool.Id;
  const Domain = `gatehouse-${UserPoolId.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`;
  await cognito('CreateUserPoolDomain', { UserPoolId, Domain });
  for (const GroupName of new Set(PEOPLE.flatMap(({ roles }) => roles))) {
    await cognito('CreateGroup', { UserPoolId, GroupName });
  }
  for (const { login, tenant, roles } of PEOPLE) {
    const Username = LOGIN.replace('{person}', login);
    const attributes = { email: Username, email_verified: 'true', ...(tenant && { 'custom:tenant': tenant }) };
    await cognito('AdminCreateUser', {
      UserPoolId,
      Username,
      UserAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })),
      MessageAction: 'SUPPRESS',
    });
    await cognito('AdminSetUserPassword', { UserPoolId, Username, Password: password, Permanent: true });
    for (const GroupName of roles) await cognito('AdminAddUserToGroup', { UserPoolId, Username, GroupName });
  }
  const client = {
    UserPoolId,
    ClientName: 'gatehouse',
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'],
    AllowedOAuthScopes: ['openid', 'profile', 'email'],
    SupportedIdentityProviders: ['COGNITO'],
    ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
  };
  type Made = { readonly UserPoolClient: { readonly ClientId: string; readonly ClientSecret: string } };
  const { UserPoolClient } = await cognito<Made>('CreateUserPoolClient', {
    ...client,
    GenerateSecret: true,
    CallbackURLs: ['https://localhost/not-yet-known'],
  });
  const { ClientId, ClientSecret } = UserPoolClient;
  return {
    issuer: `https://cognito-idp.${caller.region}.amazonaws.com/${UserPoolId}`,
    clientId: ClientId,
    clientSecret: ClientSecret,
    allow: async (callback) => {
      await cognito('UpdateUserPoolClient', { ...client, ClientId, CallbackURLs: [callback] });
    },
  };
}
