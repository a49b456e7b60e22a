import { describe, expect, test } from 'vitest';
import { privilegesOf, table } from './least-privilege.ts';
import { built } from './synthesized.ts';

/** What policies of resources allow and deny, reviewed like those of roles. In a key's own policy "*" is the key. */
const administration = (...more: readonly string[]) =>
  [
    'CancelKeyDeletion',
    'DescribeKey',
    'DisableKey',
    'EnableKey',
    'GetKeyPolicy',
    'GetKeyRotationStatus',
    'ListResourceTags',
    'PutKeyPolicy',
    'ScheduleKeyDeletion',
    'TagResource',
    'UntagResource',
    'UpdateKeyDescription',
    ...more,
  ]
    .sort()
    .map((action) => `  root kms:${action} on *`)
    .join('\n');
const ofFunctions = ['ListGrants', 'ListKeyPolicies', 'RevokeGrant'];

const REVIEWED = `
AuditTable
  anybody never dynamodb:BatchWriteItem on *
  anybody never dynamodb:DeleteItem on *
  anybody never dynamodb:PartiQLDelete on *
  anybody never dynamodb:PartiQLUpdate on *
  anybody never dynamodb:PutItem on *
  anybody never dynamodb:UpdateItem on *
  anybody never dynamodb:UpdateTimeToLive on *
AuditMacKey
${administration(...ofFunctions)}
  root kms:GenerateMac on * if ArnEquals aws:PrincipalArn role/gatehouse-dev-mcp-Region, role/gatehouse-dev-mcp-write-Region
AuditSigningKey
${administration(...ofFunctions, 'GetPublicKey')}
  root kms:Sign on * if ArnEquals aws:PrincipalArn role/gatehouse-dev-seal-Region
AuditAccesses
  anybody never s3:* if Bool aws:SecureTransport false
  anybody never s3:* on AuditAccesses/* if Bool aws:SecureTransport false
  logging.s3.amazonaws.com s3:PutObject on AuditAccesses/checkpoints/* if ArnLike aws:SourceArn AuditCheckpoints if StringEquals aws:SourceAccount AccountId
AuditCheckpoints
  anybody never s3:* if Bool aws:SecureTransport false
  anybody never s3:* on AuditCheckpoints/* if Bool aws:SecureTransport false
TokenKey
${administration(...ofFunctions, 'GetPublicKey')}
  root kms:Sign on * if ArnEquals aws:PrincipalArn role/gatehouse-dev-token-Region
AuthorizationServerWellKnownFunction
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/.well-known/oauth-authorization-server
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/.well-known/oauth-protected-resource
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/.well-known/oauth-protected-resource/mcp
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/.well-known/openid-configuration
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/.well-known/jwks.json
AuthorizationServerRegisterFunction
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/register
AuthorizationServerAuthorizeFunction
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/authorize
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/consent
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/callback
AuthorizationServerTokenFunction
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/token
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/revoke
ToolsMcpFunction
  apigateway.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn FrontDoorApi/*/*/mcp
SealingSealFunction
  events.amazonaws.com lambda:InvokeFunction if ArnLike aws:SourceArn SealingEveryFiveMinutes
NotificationsKey
${administration('DisableKeyRotation', 'EnableKeyRotation')}
  cloudwatch.amazonaws.com kms:Decrypt on * if StringEquals aws:SourceAccount AccountId
  cloudwatch.amazonaws.com kms:GenerateDataKey on * if StringEquals aws:SourceAccount AccountId
NotificationsTopic
  anybody never sns:Publish if Bool aws:SecureTransport false
  cloudwatch.amazonaws.com sns:Publish if StringEquals aws:SourceAccount AccountId if ArnLike aws:SourceArn arn:Partition:cloudwatch:Region:AccountId:alarm:gatehouse-dev-*`;

describe('policies of resources', () => {
  const own = privilegesOf(built().app).filter(({ kind }) => kind === 'resource');

  test('allow and deny what was reviewed, and nothing else', () => {
    const order = REVIEWED.split('\n').filter((line) => /^\S/.test(line));
    const sorted = [...own].sort((one, other) => order.indexOf(one.of) - order.indexOf(other.of));
    expect(table(sorted)).toBe(REVIEWED);
  });

  test('name a service only together with the account or the resource that it acts for', () => {
    const services = own.filter(({ line }) => /^\S+\.amazonaws\.com /.test(line));
    expect(services.length).toBeGreaterThan(10);
    expect(services.filter(({ line }) => !/ aws:Source(?:Arn|Account) /.test(line))).toEqual([]);
  });
});
