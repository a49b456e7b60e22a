import { Duration } from 'aws-cdk-lib';
import {
  CfnManagedLoginBranding,
  type CfnUserPoolClient,
  ClientAttributes,
  OAuthScope,
  UserPoolClient,
  UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Identity } from '../settings.ts';
import type { People } from './people.ts';

/** What the authorize function has to know about the identity provider. */
export type IdentityProvider = {
  readonly issuer: string;
  readonly clientId: string;
  readonly secretArn: string;
  readonly rolesClaim: string;
  /** What stands between roles that come in one string. */
  readonly rolesSeparator?: 'space' | 'comma' | undefined;
  readonly tenantClaim: string;
  /** As people know it: the consent page says where they sign in next. */
  readonly name: string;
  /** The secret with the API key, where `identity` is workos. */
  readonly apiKeyArn?: string | undefined;
};

/** Properties of a {@link SignIn}. */
export type SignInProps = {
  readonly identity: Identity;
  /** Where the provider sends people back to. */
  readonly callback: string;
  /** The user pool, where `identity` is cognito. */
  readonly people: People | undefined;
  /** The secret that a person fills, where it is not. */
  readonly secret: CfnSecret | undefined;
  /** The second one, where it is WorkOS. */
  readonly apiKey: CfnSecret | undefined;
};

/** Our own registration at the identity provider. With Cognito it is made here; elsewhere an administrator makes it. */
export class SignIn extends Construct {
  readonly provider: IdentityProvider;

  constructor(scope: Construct, id: string, props: SignInProps) {
    super(scope, id);
    const { identity, people, secret, apiKey } = props;
    if (identity.kind === 'cognito') {
      if (people === undefined) throw new Error('identity cognito needs the user pool of the data stack');
      this.provider = this.#clientOf(people, props.callback, identity.name ?? 'Amazon Cognito');
    } else {
      if (secret === undefined) throw new Error(`identity ${identity.kind} needs the secret of the data stack`);
      const { issuer, clientId, rolesClaim, tenantClaim, name = new URL(issuer).host } = identity;
      const rolesSeparator = identity.kind === 'oidc' ? identity.rolesSeparator : undefined;
      const claims = { rolesClaim, rolesSeparator, tenantClaim };
      this.provider = { issuer, clientId, secretArn: secret.ref, ...claims, name, apiKeyArn: apiKey?.ref };
    }
  }

  #clientOf({ userPool }: People, callback: string, name: string): IdentityProvider {
    const client = new UserPoolClient(this, 'Client', {
      userPool,
      generateSecret: true,
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.PROFILE],
        callbackUrls: [callback],
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      readAttributes: new ClientAttributes().withStandardAttributes({ email: true }).withCustomAttributes('tenant'),
      // Cognito's default lets a signed-in person write every attribute, their tenant too.
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // Only the ID token is looked at, once. Refresh tokens cannot be turned off, so they live the least that they can.
      idTokenValidity: Duration.minutes(5),
      accessTokenValidity: Duration.minutes(5),
      refreshTokenValidity: Duration.hours(1),
    });
    const resource = client.node.defaultChild as CfnUserPoolClient;
    // People sign in on Cognito's page and nowhere else. Left out, Cognito would allow two more flows; none is no choice.
    resource.explicitAuthFlows = ['ALLOW_REFRESH_TOKEN_AUTH'];
    // Cognito's own look. A look of one's own is a JSON document that AWS documents as "modify what the branding designer
    // exported", and no more: whoever wants one makes it there, for this app client.
    new CfnManagedLoginBranding(this, 'Pages', {
      userPoolId: userPool.userPoolId,
      clientId: client.userPoolClientId,
      useCognitoProvidedValues: true,
    });
    const secret = new CfnSecret(this, 'Secret', {
      description: 'Client secret at the user pool, read by authorize',
      // As an attribute of the client: the CDK's own way is a custom resource with a function and a role.
      secretString: resource.attrClientSecret,
    });
    return {
      issuer: userPool.userPoolProviderUrl,
      clientId: client.userPoolClientId,
      secretArn: secret.ref,
      rolesClaim: 'cognito:groups',
      tenantClaim: 'custom:tenant',
      name,
    };
  }
}
