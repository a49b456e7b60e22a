import type { App } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { listOf, readable } from './synthesized.ts';

/**
 * Everything in an app that says who may do what, as lines that a person reviews. It looks at every property of every
 * resource of every stack: a policy cannot be in a place that it does not know.
 */
export type Privilege = {
  /** What the line belongs to: `mcp` for a role, by its policy, or `TokenKey` for what has a policy of its own. */
  readonly of: string;
  readonly line: string;
  /** Whose policy it is: a role's own, its trust, or that of another resource. */
  readonly kind: 'role' | 'trust' | 'resource';
  readonly statement: Statement;
};

export type Statement = {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

type Resource = { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> };

/** The resources of every stack of the app, by logical id without its hash. */
export function resourcesOf(app: App): readonly (readonly [id: string, resource: Resource])[] {
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  return stacks.flatMap((stack) =>
    Object.entries(Template.fromStack(stack).toJSON().Resources as Readonly<Record<string, Resource>>).map(
      ([id, resource]) => [id.replace(/[0-9A-F]{8}$/, ''), resource] as const,
    ),
  );
}

/** The functions of an app, by the name that each has in its log. */
export function functionsOf(app: App): readonly string[] {
  return resourcesOf(app)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([, { Properties }]) => {
      const environment = Properties?.Environment as
        | { readonly Variables: Readonly<Record<string, unknown>> }
        | undefined;
      return String(environment?.Variables.POWERTOOLS_SERVICE_NAME);
    })
    .sort();
}

/** All privileges of an app, one for each action and resource of a statement. */
export function privilegesOf(app: App): readonly Privilege[] {
  return resourcesOf(app).flatMap(([id, { Type, Properties = {} }]) => {
    if (Type === 'AWS::Lambda::Permission') return [permission(id, Properties)];
    const { AssumeRolePolicyDocument: trust, ...rest } = Properties;
    const of = Type === 'AWS::IAM::Role' ? roleName(id, Properties) : id.replace(/Policy$/, '');
    return [
      ...statementsIn(trust).flatMap((statement) => privileges('trust', of, statement)),
      ...statementsIn(rest).flatMap((statement) =>
        privileges(Type === 'AWS::IAM::Role' ? 'role' : 'resource', of, statement),
      ),
    ];
  });
}

/** Logging and tracing, which every function has and one test looks at. */
export function isOwnTelemetry({ Action }: Statement): boolean {
  return listOf(Action).every((action) => TELEMETRY.includes(action));
}

const TELEMETRY = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'];

/** Privileges as a text: what they are of, and a line each below it. */
export function table(privileges: readonly Privilege[]): string {
  const groups = Map.groupBy(privileges, ({ of }) => of);
  return [...groups].map(([of, each]) => ['', of, ...each.map(({ line }) => `  ${line}`)].join('\n')).join('');
}

function roleName(id: string, properties: Readonly<Record<string, unknown>>): string {
  const policies = (properties.Policies ?? []) as readonly { readonly PolicyName: string }[];
  return policies.map(({ PolicyName }) => PolicyName).join(' and ') || id;
}

/** Whatever allows or denies, wherever it is. A web ACL has statements too, which do neither. */
function statementsIn(value: unknown): readonly Statement[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'Effect' in value ? [value as Statement] : [];
  return [...own, ...Object.values(value).flatMap(statementsIn)];
}

function privileges(kind: Privilege['kind'], of: string, statement: Statement): readonly Privilege[] {
  const { Sid: _, Effect, Principal, Action, Resource, Condition, ...unread } = statement;
  // NotAction, NotResource and NotPrincipal allow what nobody wrote down.
  if (Object.keys(unread).length > 0 || (Effect !== 'Allow' && Effect !== 'Deny')) {
    throw new Error(`${of} has a statement that is not understood: ${JSON.stringify(statement)}`);
  }
  const who = Principal === undefined ? [''] : principalsOf(Principal).map((principal) => `${principal} `);
  const deny = Effect === 'Deny' ? 'never ' : '';
  return who.flatMap((principal) =>
    listOf(Action).flatMap((action) =>
      (Resource === undefined ? [of] : listOf(Resource).map(readable)).map((resource) => ({
        of,
        kind,
        statement,
        line: `${principal}${deny}${action}${resource === of ? '' : ` on ${resource}`}${narrowing(Condition)}`,
      })),
    ),
  );
}

function principalsOf(principal: unknown): readonly string[] {
  if (principal === '*') return ['anybody'];
  return Object.values(principal as Readonly<Record<string, unknown>>).flatMap((each) =>
    listOf(each).map((one) => (one === '*' ? 'anybody' : readable(one))),
  );
}

/** Conditions in the short form that they are reviewed in; one that has none is written out. */
function narrowing(condition: Statement['Condition']): string {
  const short: Readonly<Record<string, string>> = {
    'ForAllValues:StringLike dynamodb:LeadingKeys': 'for',
    'StringEquals kms:SigningAlgorithm': 'with',
  };
  return Object.entries(condition ?? {})
    .flatMap(([operator, keys]) => Object.entries(keys).map(([key, values]) => ({ key: `${operator} ${key}`, values })))
    .map(({ key, values }) => ` ${short[key] ?? `if ${key}`} ${listOf(values).map(within).join(', ')}`)
    .join('');
}

/** The API's own ARNs without what all of them begin with. */
function within(value: unknown): string {
  return readable(value).replace(/^arn:Partition:execute-api:Region:AccountId:/, '');
}

/** A permission on a function is a statement in another spelling. */
function permission(id: string, properties: Readonly<Record<string, unknown>>): Privilege {
  const { Action, FunctionName, Principal, SourceArn, ...unread } = properties;
  if (Object.keys(unread).length > 0) throw new Error(`${id}: ${Object.keys(unread).join()} is not understood`);
  const statement = {
    Effect: 'Allow',
    Principal: { Service: Principal },
    Action: String(Action),
    Resource: FunctionName,
    ...(SourceArn !== undefined && { Condition: { ArnLike: { 'aws:SourceArn': SourceArn } } }),
  };
  const [privilege] = privileges('resource', readable(FunctionName), statement);
  if (privilege === undefined) throw new Error(`${id} allows nothing`);
  return privilege;
}
