import type { State } from '../../state.ts';
import type { Assembly } from '../../template/assembly.ts';
import type { JsonObject } from '../../template/json.ts';
import { regionalArn } from '../../template/physical-id.ts';
import type { Resolver } from '../../template/resolver.ts';
import type { Need } from '../authorization.ts';
import { AwsError } from '../aws-error.ts';
import { json, readTarget, requiredText, type Service } from '../operation.ts';
import { openSecrets, type Secrets } from './secrets.ts';

/** Secrets Manager: GetSecretValue of the version AWSCURRENT, the only one there is. */
export function createSecretsManager(options: {
  readonly assembly: Assembly;
  readonly resolver: Resolver;
  readonly state: State;
}): Service {
  const secrets = openSecrets(options.assembly, options.resolver, options.state);
  return {
    protocol: 'json-1.1',
    read: readTarget('secretsmanager'),
    operations: new Map([
      [
        'GetSecretValue',
        {
          needs: ({ input }) => secretNeeds(secrets, requiredText(input, 'SecretId'), stageOf(input)),
          run: ({ input }) => json(currentVersion(secrets, input)),
        },
      ],
    ]),
  };
}

/** What reading a secret needs: the secret, and the key it is encrypted with, used on the caller's behalf. */
export function secretNeeds(secrets: Secrets, id: string, stage: string): readonly Need[] {
  const secret = secrets.find(id);
  const resource = secret?.arn ?? (id.startsWith('arn:') ? id : regionalArn('secretsmanager', `secret:${id}`));
  const read: Need = {
    action: 'secretsmanager:GetSecretValue',
    resource,
    context: { 'secretsmanager:VersionStage': stage },
  };
  if (secret?.keyArn === undefined) return [read];
  const context = { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com', 'aws:ViaAWSService': 'true' };
  return [read, { action: 'kms:Decrypt', resource: secret.keyArn, context }];
}

function stageOf(input: JsonObject): string {
  return String(input.VersionStage ?? 'AWSCURRENT');
}

function currentVersion(secrets: Secrets, input: JsonObject): JsonObject {
  const secret = secrets.find(requiredText(input, 'SecretId'));
  const isCurrent =
    stageOf(input) === 'AWSCURRENT' && [undefined, secret?.versionId].includes(input.VersionId as string);
  if (!secret || !isCurrent) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    SecretString: secret.value,
    VersionId: secret.versionId,
    VersionStages: ['AWSCURRENT'],
  };
}
