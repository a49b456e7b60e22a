import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployedStage, gatehouse, type Resources, statementsOf, theOnly } from './changes.ts';
import { PRODUCTION, synthesized } from './synthesized.ts';

let stage: Awaited<ReturnType<typeof deployedStage>>;
beforeAll(async () => {
  stage = await deployedStage();
});
afterAll(() => stage.remove());

describe('a change that widens IAM', () => {
  const widened = async (stack: 'data' | 'service', change: (resources: Resources) => void) => {
    const { code, out } = stage.look(await stage.changed(stack, change));
    expect(code).toBe(1);
    const [, told = ''] = out.split('Deploy stopped: this change would widen what is allowed, ');
    return told;
  };

  test('is stopped where a role gets a wildcard', async () => {
    const told = await widened('data', (resources) => {
      const [statement] = statementsOf(theOnly(resources, 'AWS::IAM::Role', 'Operator'));
      if (statement) statement.Action = 'dynamodb:*';
    });
    expect(told).toContain('the role OperatorRole may dynamodb:* on Registry, if ForAllValues:StringLike');
  });

  test('is stopped where a condition goes', async () => {
    const told = await widened('data', (resources) => {
      const [statement] = statementsOf(theOnly(resources, 'AWS::IAM::Role', 'Operator'));
      if (statement) delete statement.Condition;
    });
    expect(told).toMatch(/^ {2}the role OperatorRole may dynamodb:DeleteItem on Registry$/m);
  });

  test('is stopped where a key may be used by one role more', async () => {
    const told = await widened('data', (resources) => {
      const policy = theOnly(resources, 'AWS::KMS::Key', 'TokenKey').Properties.KeyPolicy as {
        Statement: { Sid: string; Condition?: { ArnEquals: Record<string, unknown> } }[];
      };
      const use = policy.Statement.find(({ Sid }) => Sid === 'Use');
      const condition = use?.Condition?.ArnEquals;
      if (condition === undefined) throw new Error('no condition');
      condition['aws:PrincipalArn'] = [condition['aws:PrincipalArn'], 'arn:aws:iam::111122223333:role/other'];
    });
    expect(told).toMatch(
      /arn:<Partition>:iam::<AccountId>:root may kms:Sign on the key TokenKey, if ArnEquals aws:Prin/,
    );
    expect(told).toContain('arn:aws:iam::111122223333:role/other');
  });

  test('is stopped where another account may assume a role', async () => {
    const told = await widened('data', (resources) => {
      const trust = theOnly(resources, 'AWS::IAM::Role', 'Operator').Properties.AssumeRolePolicyDocument as {
        Statement: unknown[];
      };
      trust.Statement.push({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '444455556666' } });
    });
    expect(told).toContain('444455556666 may sts:AssumeRole on the role OperatorRole');
  });

  test('is stopped where anybody may call a function', async () => {
    const told = await widened('service', (resources) => {
      const permission = theOnly(resources, 'AWS::Lambda::Permission', '');
      resources.Open = { ...permission, Properties: { ...permission.Properties, Principal: '*' } };
      delete resources.Open.Properties.SourceArn;
    });
    expect(told).toMatch(/anybody may lambda:InvokeFunction on the function \w+/);
  });

  test('is stopped where a denial of the bucket’s policy goes', async () => {
    const told = await widened('data', (resources) => {
      theOnly(resources, 'AWS::S3::BucketPolicy', 'AuditCheckpoints').Properties.PolicyDocument = { Statement: [] };
    });
    expect(told).toContain('the bucket AuditCheckpoints would no longer deny s3:*');
  });

  test('is stopped where a role takes a policy from elsewhere', async () => {
    const told = await widened('service', (resources) => {
      const role = theOnly(resources, 'AWS::IAM::Role', 'ToolsMcpRole');
      role.Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    });
    expect(told).toContain(
      'the role ToolsMcpRole may do whatever the policy arn:aws:iam::aws:policy/AdministratorAccess allows',
    );
  });

  test('is stopped where a setting of ours does it, named line by line, and may go where it is accepted', async () => {
    const to = await stage.write('invited', synthesized({ ...PRODUCTION, 'gatehouse.registration.dcr': 'token' }));
    const { code, out } = stage.look(to);
    expect(out).toContain('would widen what is allowed, 2 in all:');
    expect(out).toMatch(
      /may dynamodb:GetItem on Registry, if ForAllValues:StringLike dynamodb:LeadingKeys is TOKEN#\*/,
    );
    expect(code).toBe(1);
    expect((await stage.compare(to, '--accept', 'wider-iam')).code).toBe(0);
    expect((await stage.compare(to, '--accept', 'replacement')).code).toBe(1);
  });

  test('is stopped where a stack is new, since nobody has seen what it allows', async () => {
    const nothing = join(stage.root, 'nothing');
    await mkdir(nothing);
    const { code, out } = await gatehouse('--from', nothing, '--to', stage.deployed);
    expect(out).toMatch(/^gatehouse-prod-data: not deployed yet, \d+ new$/m);
    expect(out).toContain('may kms:Sign on TokenKey');
    expect(out).not.toContain('would replace');
    expect(code).toBe(1);
  });
});
