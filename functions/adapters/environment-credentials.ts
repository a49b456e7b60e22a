/**
 * Where every AWS client of a function gets its credentials: from AWS_ACCESS_KEY_ID and the two variables beside it,
 * which Lambda sets to the role's, and from nowhere else. `infra/bundle.ts` puts this in the place of the SDK's default
 * chain, which would also ask profiles, single sign-on, a credential process, a token file and the metadata services of
 * EC2 and ECS: none of them exists in Lambda, so whoever made a function ask them would be lending it an identity.
 *
 * Read anew for every signature, so nothing here expires: Lambda's credentials live as long as the environment they are
 * in. One kind of function has none in its variables: with SnapStart, Lambda serves them over HTTP
 * (AWS_CONTAINER_CREDENTIALS_FULL_URI). None of ours uses it, and it is not offered for Node.js; one that did would not
 * get past its first call.
 *
 * @throws CredentialsProviderError on the first call of a client, when the variables are not set.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-providers';
