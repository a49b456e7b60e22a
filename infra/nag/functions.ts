import { type Acknowledgement, FUNCTIONS, ofFunctions } from './acknowledgement.ts';

const INVOKED_WITHOUT_WAITING = ['service/AtDeploy/Migrate', 'service/Sealing/Seal'];
const ANSWERING = FUNCTIONS.filter((path) => !INVOKED_WITHOUT_WAITING.includes(path));
const DEAD_LETTERS = ['NIST.800.53.R5-LambdaDLQ', 'Serverless-LambdaDLQ'];

/** Functions, their roles, and the routes that lead to them. */
export const FUNCTION_ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  {
    rules: ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions'],
    at: ofFunctions('Role/Resource'),
    reason:
      'X-Ray has no resources: PutTraceSegments and PutTelemetryRecords can be allowed on "*" only (Service ' +
      'Authorization Reference). test/infra/least-privilege.test.ts fails on any other wildcard.',
  },
  {
    rules: [
      'AwsSolutions-IAM5[Resource::gatehouse-<stage>-data:ExportsOutputFnGetAttAuditCheckpoints71B9CCD4Arn5F43FA16/checkpoints/*]',
    ],
    at: ['service/Sealing/Seal/Role/Resource'],
    reason:
      'The objects of one prefix of one bucket, whose names are not known beforehand. The seal may only put there, and ' +
      'Object Lock keeps what it put, so it can neither read nor change nor delete one.',
  },
  {
    rules: ['AwsSolutions-IAM5[Resource::<AuditCheckpoints71B9CCD4.Arn>/checkpoints/*]'],
    at: ['data/Audit/Reader/Resource'],
    reason:
      'The objects of one prefix of one bucket, whose names are not known beforehand. The role reads them for whoever ' +
      'verifies the audit log, and may write nothing at all.',
  },
  {
    rules: ['NIST.800.53.R5-IAMNoInlinePolicy'],
    at: [
      ...ofFunctions('Role/Resource'),
      'data/Audit/Reader/Resource',
      'data/Operator/Role/Resource',
      'data/Database/Flows/Role/Resource',
      'service/AtDeploy/Checker/Resource',
      'service/Sealing/Sealer/Resource',
    ],
    reason:
      'Each role does one job, and its policy is part of it: it can be attached to nobody else and goes with its role. ' +
      'What the rule wants reviewed in one place is: test/infra/least-privilege.test.ts lists every statement.',
  },
  {
    rules: ['NIST.800.53.R5-LambdaInsideVPC'],
    at: ofFunctions('Function/Resource'),
    reason:
      'A function reaches AWS APIs over TLS with its own role, and the database through the Data API, so it has no ' +
      'private address to reach. In a VPC it would need a NAT gateway to the identity provider, which lets out more than the role does.',
  },
  {
    rules: DEAD_LETTERS,
    at: ofFunctions('Function/Resource', ANSWERING),
    reason:
      'Invoked with an answer awaited: Lambda uses a dead-letter queue for asynchronous events only. A failure is the ' +
      "caller's 500 and an alarm, and a queue would hold tokens and arguments.",
  },
  {
    rules: DEAD_LETTERS,
    at: ['service/AtDeploy/Migrate/Function/Resource'],
    reason:
      'Called by CloudFormation, which fails the deployment when no answer comes within six minutes. The event holds a ' +
      'signed address to answer at, which should wait in no queue.',
  },
  {
    rules: DEAD_LETTERS,
    at: ['service/Sealing/Seal/Function/Resource'],
    reason:
      'A lost event is lost work of no kind: the run five minutes later seals all that is unsealed. After 15 minutes ' +
      'without a seal the alarm Unsealed says so.',
  },
  {
    rules: ['Serverless-EventBusDLQ'],
    at: ['service/Sealing/EveryFiveMinutes/Resource'],
    reason:
      'The event says nothing but that it is time, and the next one says it again in five minutes. After 15 minutes ' +
      'without a seal the alarm Unsealed says so.',
  },
  {
    rules: ['AwsSolutions-APIG4'],
    at: [
      '.well-known|oauth-authorization-server',
      '.well-known|oauth-protected-resource',
      '.well-known|oauth-protected-resource|mcp',
      '.well-known|openid-configuration',
      '.well-known|jwks.json',
    ].flatMap((path) => [`service/FrontDoor/GET |${path}`, `service/FrontDoor/ANY |${path}`]),
    reason:
      'Public by RFC 8414, RFC 9728 and RFC 7517: a client reads these to learn how to authorize at all. They hold ' +
      'addresses, names of scopes and public keys.',
  },
  {
    rules: ['AwsSolutions-APIG4'],
    at: ['POST |register', 'GET |authorize', 'POST |consent', 'GET |callback', 'POST |token', 'POST |revoke']
      .flatMap((route) => [route, route.replace(/^\w+/, 'ANY')])
      .map((route) => `service/FrontDoor/${route}`),
    reason:
      'The endpoints that give authorization cannot ask for it (RFC 6749, RFC 7591, RFC 7009): each authenticates the ' +
      'client or the person itself, by secret, PKCE or cookie. Each has a throttle, and test/attacks holds the attacks on each.',
  },
  {
    rules: ['AwsSolutions-APIG4'],
    at: ['service/FrontDoor/POST |mcp', 'service/FrontDoor/ANY |mcp'],
    reason:
      'The function verifies signature, issuer, audience, expiry and scopes of the token before anything else. An ' +
      "authorizer's refusal could not carry the WWW-Authenticate challenge with resource_metadata that RFC 9728 section 5.1 and MCP demand.",
  },
];
