import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDynamoDbRegistryDesk } from '../../functions/adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from '../../functions/adapters/dynamodb-table.ts';
import { challengeOf } from '../../functions/core/oauth/pkce.ts';
import { aClient } from './builders.ts';
import { type OwnCloud, startOwnCloud } from './own-cloud.ts';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

type ClientChanges = Parameters<typeof aClient>[0];

/** A cloud of its own whose operator vouches for these clients, written with the credentials of `register`. */
export async function startCloudWith(clients: readonly ClientChanges[]): Promise<OwnCloud> {
  const cloud = await startOwnCloud();
  const { credentials, variables } = functionOf(cloud, 'register');
  const dynamodb = createDynamoDbClient({ url: cloud.endpoint.url, region: 'us-east-1', credentials });
  const desk = createDynamoDbRegistryDesk(createTable(dynamodb, variables.REGISTRY_TABLE ?? ''));
  for (const changes of clients) {
    const enrolled = await desk.enrol(aClient(changes));
    if (!enrolled.ok) throw new Error(JSON.stringify(enrolled.error));
  }
  dynamodb.destroy();
  return cloud;
}

function functionOf(cloud: OwnCloud, name: string) {
  for (const resource of cloud.assembly.ofType('AWS::Lambda::Function')) {
    const { Variables } = resource.properties.Environment as { Variables: Record<string, never> };
    if (Variables.POWERTOOLS_SERVICE_NAME !== name) continue;
    const variables = cloud.resolver.resolve(resource.stack, Variables) as Record<string, string>;
    return { credentials: cloud.credentials.forFunction(resource), variables };
  }
  throw new Error(`the template has no function ${name}`);
}

/** The address an application sends a browser to. */
export function authorizeUrl(issuer: string, changes: Readonly<Record<string, string>> = {}): string {
  const parameters = {
    response_type: 'code',
    client_id: 'client-a',
    redirect_uri: 'https://client.example/cb',
    code_challenge: challengeOf(VERIFIER),
    code_challenge_method: 'S256',
    scope: 'orders:read tickets:read tickets:write',
    state: 'the-state',
    ...changes,
  };
  return `${issuer}/authorize?${new URLSearchParams(parameters)}`;
}

export type Application = {
  readonly redirectUri: string;
  /** What came back, in order. */
  readonly answers: URLSearchParams[];
  readonly close: () => Promise<void>;
};

/** An application on this computer that waits at its redirect URI and says so when it is called. */
export async function startApplication(): Promise<Application> {
  const answers: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname !== '/cb') return void response.writeHead(204).end();
    answers.push(url.searchParams);
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><title>Back</title><p>You may close this.');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/cb`,
    answers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
