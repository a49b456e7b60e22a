import { KMSClient } from '@aws-sdk/client-kms';
import { createDynamoDbAssertions } from '../../../functions/adapters/dynamodb-assertions.ts';
import { createGatheredReads } from '../../../functions/adapters/dynamodb-gathered-reads.ts';
import { createDynamoDbGrants } from '../../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry } from '../../../functions/adapters/dynamodb-registry.ts';
import { createDynamoDbClient, createTable } from '../../../functions/adapters/dynamodb-table.ts';
import { createDynamoDbTokenBuckets } from '../../../functions/adapters/dynamodb-token-buckets.ts';
import { createKmsSigner } from '../../../functions/adapters/kms-signer.ts';
import { openAssertion } from '../../../functions/adapters/open-assertion.ts';
import { systemClock, systemRandom } from '../../../functions/adapters/system.ts';
import { createAllowance } from '../../../functions/core/oauth/allowance.ts';
import type { TokenPorts } from '../../../functions/core/oauth/present-grant.ts';
import type { PublicKey } from '../../../functions/core/oauth/public-keys.ts';
import type { Cloud } from '../../../infra/local/cloud.ts';
import { onRecord } from '../../support/on-record.ts';
import { clientOptionsOf, variablesOf } from './t-roles.ts';

/** The function `token` itself, in this process and in its own role, so that a test may hold it at any point. */
export function tokenPortsOf(cloud: Cloud): TokenPorts & { readonly key: PublicKey } {
  const its = variablesOf(cloud, 'token');
  const { credentials, endpoint: url, region } = clientOptionsOf(cloud, 'token');
  const dynamodb = createDynamoDbClient({ url, region, credentials });
  const { keys } = JSON.parse(its.TOKEN_KEYS ?? '{}') as { readonly keys: readonly PublicKey[] };
  const [key] = keys;
  if (key === undefined) throw new Error('the deployment has published no key');
  const reads = createGatheredReads(dynamodb);
  const grants = createTable(dynamodb, its.GRANTS_TABLE ?? '', reads);
  const kms = new KMSClient(clientOptionsOf(cloud, 'token'));
  return {
    clock: systemClock,
    random: systemRandom,
    registry: createDynamoDbRegistry(createTable(dynamodb, its.REGISTRY_TABLE ?? '', reads)),
    grants: createDynamoDbGrants(grants),
    assertions: createDynamoDbAssertions(grants, systemRandom),
    openAssertion,
    allowance: createAllowance({
      clock: systemClock,
      buckets: createDynamoDbTokenBuckets(grants),
      limit: { rate: Number(its.CLIENT_RATE), burst: Number(its.CLIENT_BURST) },
    }),
    signer: createKmsSigner(kms, its.TOKEN_SIGNING_KEY_ARN ?? '', key.kid),
    issuer: cloud.issuer,
    resource: cloud.mcpUrl,
    record: onRecord,
    refreshGrace: Number(its.REFRESH_GRACE_SECONDS),
    key,
  };
}

/** The same ports, but each stops between its checks and its write until it is told to go on. */
export function heldBeforeWriting(ports: TokenPorts): {
  readonly ports: TokenPorts;
  readonly reached: Promise<void>;
  readonly resume: () => void;
} {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const signer: TokenPorts['signer'] = {
    kid: ports.signer.kid,
    sign: async (input) => {
      const signature = await ports.signer.sign(input);
      reached.resolve();
      await gate.promise;
      return signature;
    },
  };
  return { ports: { ...ports, signer }, reached: reached.promise, resume: gate.resolve };
}
