import { canonical, textOf } from './readable.ts';
import type { Resource, Template } from './templates.ts';

/** One thing that a template allows or denies: a single principal, action and resource. */
export type Permission = {
  /** Logical id, or text, of what the permission hangs on: a role, a key, a table, a function. */
  readonly holder: string;
  readonly effect: 'Allow' | 'Deny';
  /** Who may; undefined where the holder itself may. */
  readonly principal: string | undefined;
  readonly action: string;
  /** Undefined where the policy cannot name one, as in a role's trust. */
  readonly resource: string | undefined;
  /** Each operator with its key, and its values. */
  readonly conditions: Readonly<Record<string, readonly string[]>>;
  /** It has no parts that can be compared: as a whole it is there or not. */
  readonly opaque: boolean;
};

/**
 * Everything the policies of a template allow and deny, wherever in a resource they stand: a policy document is known by
 * its shape, so that a type nobody thought of is read too. What cannot be read is a permission of its own, which is
 * there or not.
 */
export function permissionsOf(template: Template): Permission[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) => {
    const holders = holdersOf(id, resource);
    return [...documentsIn(resource.Properties), ...attached(resource)].flatMap((statement) =>
      holders.flatMap((holder) => permissionsIn(holder, statement)),
    );
  });
}

type Statement = Readonly<Record<string, unknown>>;

/** Resources that are but a policy of another, and the properties that name it. */
const POLICIES: ReadonlyMap<string, readonly string[]> = new Map([
  ['AWS::IAM::Policy', ['Roles', 'Users', 'Groups']],
  ['AWS::IAM::ManagedPolicy', ['Roles', 'Users', 'Groups']],
  ['AWS::IAM::RolePolicy', ['RoleName']],
  ['AWS::S3::BucketPolicy', ['Bucket']],
  ['AWS::SQS::QueuePolicy', ['Queues']],
  ['AWS::SNS::TopicPolicy', ['Topics']],
  ['AWS::SecretsManager::ResourcePolicy', ['SecretId']],
  ['AWS::Lambda::Permission', ['FunctionName']],
  ['AWS::Lambda::Url', ['TargetFunctionArn']],
]);

function holdersOf(id: string, { Type, Properties = {} }: Resource): readonly string[] {
  const named = POLICIES.get(Type)?.flatMap((property) => listOf(Properties[property] ?? []));
  if (named === undefined || named.length === 0) return [id];
  return named.map((holder) => /^\$\{(\w+)(?:\.\w+)?\}$/.exec(textOf(holder))?.[1] ?? textOf(holder));
}

/** The statements of all policy documents in a value. */
function documentsIn(value: unknown, key = ''): Statement[] {
  const text = typeof value === 'string' && /^\s*\{/.test(value) ? parsed(value) : undefined;
  if (text !== undefined) return documentsIn(text, key);
  if (value === null || typeof value !== 'object') return [];
  if (!Array.isArray(value)) {
    if (Object.hasOwn(value, 'Statement')) return listOf((value as Statement).Statement).map(asStatement);
    // A policy that is put together from parts at deployment.
    if (/Policy(?:Document|Text)?$/.test(key) && Object.keys(value).some((name) => name.startsWith('Fn::'))) {
      return [unreadable(value)];
    }
  }
  return Object.entries(value).flatMap(([inner, of]) => documentsIn(of, Array.isArray(value) ? key : inner));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asStatement(value: unknown): Statement {
  const statement = value as Statement | null;
  const legible = statement !== null && typeof statement === 'object' && typeof statement.Effect === 'string';
  return legible ? statement : unreadable(value);
}

const unreadable = (value: unknown): Statement => ({ Effect: 'Allow', Opaque: `do what this says: ${textOf(value)}` });

/** What a resource grants without a policy document, as the statements it amounts to. */
function attached({ Type, Properties = {} }: Resource): Statement[] {
  const found: Statement[] = listOf(Properties.ManagedPolicyArns ?? []).map((arn) => ({
    Effect: 'Allow',
    Opaque: `do whatever the policy ${textOf(arn)} allows`,
  }));
  if (Properties.PermissionsBoundary !== undefined) {
    found.push({ Effect: 'Deny', Opaque: `what ${textOf(Properties.PermissionsBoundary)} leaves out` });
  }
  if (Type === 'AWS::Lambda::Permission' || Type === 'AWS::Lambda::LayerVersionPermission') {
    const { Action, Principal, FunctionName: _, LayerVersionArn: __, ...rest } = Properties;
    found.push({ Effect: 'Allow', Principal: textOf(Principal), Action, Condition: { StringEquals: rest } });
  }
  if (Type === 'AWS::Lambda::Url' && Properties.AuthType !== 'AWS_IAM') {
    found.push({ Effect: 'Allow', Principal: '*', Action: 'lambda:InvokeFunctionUrl' });
  }
  if (Type === 'AWS::Lambda::Function') {
    found.push({ Effect: 'Allow', Opaque: `run as ${textOf(Properties.Role)}` });
  }
  return found;
}

function permissionsIn(holder: string, statement: Statement): Permission[] {
  const { Effect, Opaque } = statement;
  const effect = Effect === 'Deny' ? 'Deny' : 'Allow';
  if (typeof Opaque === 'string') {
    return [
      { holder, effect, principal: undefined, action: Opaque, resource: undefined, conditions: {}, opaque: true },
    ];
  }
  const negated = ['NotAction', 'NotResource', 'NotPrincipal'].filter((name) => Object.hasOwn(statement, name));
  if (negated.length > 0) {
    const { Sid: _, Effect: __, ...rest } = statement;
    const action = `do what this says: ${canonical(rest)}`;
    return [{ holder, effect, principal: undefined, action, resource: undefined, conditions: {}, opaque: true }];
  }
  const principals = statement.Principal === undefined ? [undefined] : principalsOf(statement.Principal);
  const resources = statement.Resource === undefined ? [undefined] : listOf(statement.Resource).map(textOf);
  const conditions = conditionsOf(statement.Condition);
  return principals.flatMap((principal) =>
    listOf(statement.Action).flatMap((action) =>
      resources.map((resource) => {
        return { holder, effect, principal, action: textOf(action), resource, conditions, opaque: false };
      }),
    ),
  );
}

function principalsOf(principal: unknown): string[] {
  if (principal === null || typeof principal !== 'object') return [textOf(principal)];
  return Object.entries(principal).flatMap(([kind, names]) =>
    listOf(names)
      .map(textOf)
      .map((name) =>
        kind === 'AWS' && name === '*' ? '*' : kind.startsWith('Fn::') || kind === 'Ref' ? textOf(principal) : name,
      ),
  );
}

function conditionsOf(condition: unknown): Readonly<Record<string, readonly string[]>> {
  const operators = condition !== null && typeof condition === 'object' ? Object.entries(condition) : [];
  const all = operators.flatMap(([operator, keys]): [string, string[]][] =>
    keys !== null && typeof keys === 'object' && !operator.startsWith('Fn::')
      ? Object.entries(keys).map(([key, values]) => [`${operator} ${key}`, listOf(values).map(textOf)])
      : [[operator, [canonical(keys)]]],
  );
  return Object.fromEntries(all);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
