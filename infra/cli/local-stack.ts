import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { openState } from '../local/state.ts';
import { Problem } from '../problem.ts';
import { CHECKOUT } from './checkout.ts';

/** What a command needs to talk to the stack that runs on this machine. */
export type LocalStack = {
  readonly endpoint: string;
  readonly region: string;
  /** An output of the template. @throws Problem when the stack has no such output */
  readonly output: (name: string) => string;
  /** The developer's own keys may do nothing but assume a role; this assumes it. */
  readonly as: (roleArn: string, session?: Session) => ReturnType<typeof fromTemporaryCredentials>;
};

/** What a session is called, and who hears of its ARN. */
export type Session = { readonly name: string; readonly assumed: (arn: string) => void };

type Running = { readonly awsUrl: string; readonly outputs: Readonly<Record<string, string>> };
type Developer = { readonly accessKeyId: string; readonly secretAccessKey: string };

const REGION = 'us-east-1';

/** Where state lives: GATEHOUSE_STATE, relative to where the command was called, or `.gatehouse` of this checkout. */
export function stateDirectory(): string {
  const named = process.env.GATEHOUSE_STATE;
  return named === undefined || named === '' ? resolve(CHECKOUT, '.gatehouse') : resolve(named);
}

/**
 * The local stack that is running now.
 *
 * @throws Problem when none is
 */
export function localStack(): LocalStack {
  const directory = stateDirectory();
  const state = existsSync(directory) ? openState(directory) : undefined;
  const running = state?.read<Running>('running');
  const developer = state?.read<Developer>('developer');
  if (!running || !developer) {
    throw new Problem(`No local stack is running (looked in ${directory}). Start one in another terminal: npm start`);
  }
  const { awsUrl: endpoint, outputs } = running;
  return {
    endpoint,
    region: REGION,
    output: (name) => {
      const value = outputs[name];
      if (value === undefined) throw new Problem(`The running stack has no output ${name}. Restart it: npm start`);
      return value;
    },
    as: (RoleArn, session) =>
      fromTemporaryCredentials({
        masterCredentials: developer,
        params: { RoleArn, RoleSessionName: session?.name ?? 'gatehouse-cli' },
        ...(session && { clientPlugins: [telling(session)] }),
        clientConfig: { endpoint, region: REGION },
      }),
  };
}

type Plugin = NonNullable<Parameters<typeof fromTemporaryCredentials>[0]['clientPlugins']>[number];

/** Hands on the ARN of the session that STS gives. */
export function telling({ assumed }: Session): Plugin {
  return {
    applyToStack: (stack) =>
      stack.add(
        (next) => async (args) => {
          const answer = await next(args);
          const arn: unknown = answer.output?.AssumedRoleUser?.Arn;
          if (typeof arn === 'string') assumed(arn);
          return answer;
        },
        { step: 'initialize' },
      ),
  };
}
