import type { State } from '../state.ts';
import type { Assembly } from '../template/assembly.ts';
import type { Resolver } from '../template/resolver.ts';
import type { Authorizer } from './authorization.ts';
import type { Credentials } from './credentials.ts';
import { createDynamoDb } from './dynamodb/service.ts';
import { createKms } from './kms/service.ts';
import { createLambda, type InvokeFunction } from './lambda.ts';
import type { Service } from './operation.ts';
import { createRdsDataService, type RdsData } from './rds-data.ts';
import { createS3 } from './s3/service.ts';
import { createSecretsManager } from './secretsmanager/service.ts';
import { createSts } from './sts.ts';

export type { InvokeFunction } from './lambda.ts';
export type { RdsData } from './rds-data.ts';

/** What the services are made from. */
export type ServiceOptions = {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
  readonly credentials: Credentials;
  readonly authorizer: Authorizer;
  readonly rdsData: RdsData;
  readonly invoke: InvokeFunction;
  readonly now: () => number;
};

/** Every service, by the name its requests are signed for. */
export async function createServices(options: ServiceOptions): Promise<ReadonlyMap<string, Service>> {
  return new Map<string, Service>([
    ['dynamodb', await createDynamoDb(options)],
    ['kms', createKms(options)],
    ['lambda', createLambda(options)],
    ['rds-data', createRdsDataService(options)],
    ['s3', createS3(options)],
    ['secretsmanager', createSecretsManager(options)],
    ['sts', createSts(options)],
  ]);
}
