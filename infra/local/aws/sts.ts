import type { Role } from '../iam/roles.ts';
import { ACCOUNT } from '../template/environment.ts';
import type { JsonObject } from '../template/json.ts';
import { AwsError } from './aws-error.ts';
import type { Credentials } from './credentials.ts';
import { type Answer, type Call, type Operation, requiredText, type Service } from './operation.ts';
import type { AwsRequest } from './request.ts';
import { escapeXml } from './wire.ts';

const VERSION = '2011-06-15';
/** Parameters of AssumeRole that are acted on. Any other one would have to narrow the session, and is refused. */
const ASSUME_ROLE = new Set(['Action', 'Version', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'ExternalId']);
/** Seconds that a session opened from another session may last (role chaining). */
const LONGEST_CHAINED = 3600;

/** STS: AssumeRole, judged by the role's trust policy, and GetCallerIdentity, which needs no permission on AWS either. */
export function createSts(options: { readonly credentials: Credentials; readonly now: () => number }): Service {
  const { credentials, now } = options;
  const assumeRole: Operation = {
    needs: ({ input }) => [
      { action: 'sts:AssumeRole', resource: requiredText(input, 'RoleArn'), context: contextOf(input) },
    ],
    run: (call) => {
      const role = credentials.roles.get(requiredText(call.input, 'RoleArn'));
      // Denied before, for want of a trust policy.
      if (!role) throw new AwsError('AccessDeniedException', 'There is no such role.');
      const seconds = durationOf(call, role);
      const sessionName = requiredText(call.input, 'RoleSessionName');
      if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) throw invalid(`RoleSessionName "${sessionName}" is not one.`);
      const key = credentials.openSession(role, sessionName, now() + seconds * 1000);
      return result('AssumeRole', {
        Credentials: {
          AccessKeyId: key.accessKeyId,
          SecretAccessKey: key.secretAccessKey,
          SessionToken: key.sessionToken ?? '',
          Expiration: new Date(key.expires ?? 0).toISOString(),
        },
        AssumedRoleUser: { Arn: key.principal.arn, AssumedRoleId: key.principal.userId },
      });
    },
  };
  const getCallerIdentity: Operation = {
    needs: 'none',
    run: ({ caller }) => result('GetCallerIdentity', { Arn: caller.arn, UserId: caller.userId, Account: ACCOUNT }),
  };
  return {
    protocol: 'query',
    read: readForm,
    operations: new Map([
      ['AssumeRole', assumeRole],
      ['GetCallerIdentity', getCallerIdentity],
    ]),
  };
}

function readForm(request: AwsRequest): ReturnType<Service['read']> {
  const input: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(request.body.toString('utf8'))) {
    if (Object.hasOwn(input, name)) throw invalid(`The parameter ${name} is given twice.`);
    input[name] = value;
  }
  if (request.method !== 'POST' || input.Version !== VERSION) throw invalid(`Not a request of version ${VERSION}.`);
  const operation = requiredText(input, 'Action');
  if (operation === 'AssumeRole') {
    const unknown = Object.keys(input).find((name) => !ASSUME_ROLE.has(name));
    if (unknown) throw invalid(`The local cloud does not serve ${unknown}.`);
  }
  return { operation, input };
}

function contextOf(input: JsonObject): Record<string, string> {
  return {
    'sts:RoleSessionName': String(input.RoleSessionName ?? ''),
    ...(typeof input.ExternalId === 'string' ? { 'sts:ExternalId': input.ExternalId } : {}),
  };
}

function durationOf({ input, caller }: Call, role: Role): number {
  const seconds = Number(input.DurationSeconds ?? 3600);
  const longest = caller.isSession ? Math.min(LONGEST_CHAINED, role.maxSessionSeconds) : role.maxSessionSeconds;
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > longest) {
    throw invalid(`DurationSeconds must be from 900 to ${longest} for ${role.arn}.`);
  }
  return seconds;
}

function result(action: string, members: JsonObject): Answer {
  const inner = `<${action}Result>${xmlOf(members)}</${action}Result>`;
  return { body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/${VERSION}/">${inner}</${action}Response>` };
}

function xmlOf(members: JsonObject): string {
  return Object.entries(members)
    .map(([name, value]) => {
      const content = typeof value === 'object' ? xmlOf(value as JsonObject) : escapeXml(String(value));
      return `<${name}>${content}</${name}>`;
    })
    .join('');
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
