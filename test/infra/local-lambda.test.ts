import { afterEach, describe, expect, test } from 'vitest';
import { createFunctions, type Functions } from '../../infra/local/lambda/functions.ts';
import type { Outcome } from '../../infra/local/lambda/outcome.ts';
import type { Json, JsonObject } from '../../infra/local/template/json.ts';
import {
  assemblyOf,
  credentials,
  fixture,
  join,
  lambdaFunction,
  ref,
  resolverOf,
  type Template,
} from './fixtures-runtime/assembly.ts';

const running: Functions[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((functions) => functions.close()));
});

const NAME = 'Hand-Worker';

function start(template: Template, onLog: (name: string, line: string) => void = () => undefined): Functions {
  const assembly = assemblyOf(template);
  const resolver = resolverOf(assembly);
  const functions = createFunctions({ assembly, resolver, credentials, endpointUrl: 'http://127.0.0.1:9', onLog });
  running.push(functions);
  return functions;
}

function worker(properties: JsonObject = {}, variables: JsonObject = {}): Template {
  return { Worker: lambdaFunction('behave', variables, properties) };
}

async function succeed(outcome: Promise<Outcome>): Promise<Record<string, Json>> {
  const { payload, error } = await outcome;
  expect(error).toBeUndefined();
  return payload as Record<string, Json>;
}

describe('what a function sees', () => {
  test('its own variables, its role and nothing of the host', async () => {
    process.env.HOST_SECRET = 'of the developer';
    const functions = start(worker({}, { GREETING: 'hello', SELF: join('in ', ref('AWS::Region')) }));
    expect(await succeed(functions.invoke(NAME, { do: 'environment' }))).toEqual({
      GREETING: 'hello',
      SELF: 'in us-east-1',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'ASIA-Worker',
      AWS_SECRET_ACCESS_KEY: 'secret of Worker',
      AWS_SESSION_TOKEN: 'token of Worker',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_CONFIG_FILE: fixture('behave/.aws/config'),
      AWS_SHARED_CREDENTIALS_FILE: fixture('behave/.aws/credentials'),
      AWS_LAMBDA_FUNCTION_NAME: NAME,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      LAMBDA_TASK_ROOT: fixture('behave'),
      TZ: ':UTC',
    });
    expect(await succeed(functions.invoke(NAME, { do: 'argv' }))).toEqual({ argv: [], execArgv: [] });
  });

  test('no package of the checkout: only what is in the bundle is deployed', async () => {
    const functions = start(worker());
    expect(await succeed(functions.invoke(NAME, { do: 'require', specifier: 'node:zlib' }))).toBeGreaterThan(5);
    const { error } = await functions.invoke(NAME, { do: 'require', specifier: 'zod' });
    expect(error?.errorMessage).toBe("Cannot find module 'zod' in the deployed bundle");
  });

  test("Lambda's context", async () => {
    const functions = start(worker({ Timeout: 9 }));
    const { remaining, awsRequestId, logStreamName, ...context } = await succeed(
      functions.invoke(NAME, { do: 'context' }),
    );
    expect(context).toEqual({
      functionName: NAME,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${NAME}`,
      memoryLimitInMB: '256',
      logGroupName: `/aws/lambda/${NAME}`,
    });
    expect(awsRequestId).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
    expect(logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][\da-f]{32}$/);
    expect(remaining).toBeGreaterThan(8000);
    expect(remaining).toBeLessThanOrEqual(9000);
  });
});

describe('one environment, one request', () => {
  test('requests at the same time get an environment each, up to the reserved concurrency, and wait beyond it', async () => {
    const functions = start(worker({ ReservedConcurrentExecutions: 2 }));
    const event = { do: 'overlap', milliseconds: 60 };
    const results = await Promise.all(Array.from({ length: 6 }, () => succeed(functions.invoke(NAME, event))));
    expect(results.map(({ seen }) => seen)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(new Set(results.map(({ instance }) => instance)).size).toBe(2);
  });

  test('without a reservation there are four environments at most', async () => {
    const functions = start(worker());
    const event = { do: 'overlap', milliseconds: 150 };
    const results = await Promise.all(Array.from({ length: 9 }, () => succeed(functions.invoke(NAME, event))));
    expect(results.map(({ seen }) => seen)).toEqual(Array.from({ length: 9 }, () => 1));
    expect(new Set(results.map(({ instance }) => instance)).size).toBe(4);
  });

  test('who waits is served in the order of coming, and an environment is used again', async () => {
    const functions = start(worker({ ReservedConcurrentExecutions: 1 }));
    const order: Json[] = [];
    const instances = new Set<Json | undefined>();
    const one = async (label: number) => {
      const result = await succeed(functions.invoke(NAME, { do: 'overlap', milliseconds: 5, label }));
      order.push(result.label ?? null);
      instances.add(result.instance);
    };
    await Promise.all([1, 2, 3, 4, 5].map(one));
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(instances.size).toBe(1);
  });
});

describe('what goes wrong stays in its environment', () => {
  const ended = [
    ['ends itself', { do: 'exit', code: 3 }, 'Runtime exited with error: exit status 3'],
    ['ends itself without a reason', { do: 'exit', code: 0 }, 'Runtime exited without providing a reason'],
    ['leaves a rejection unhandled', { do: 'reject' }, 'Runtime exited with error: exit status 1'],
    ['throws where nobody catches', { do: 'crash' }, 'Runtime exited with error: exit status 1'],
    ['eats its memory', { do: 'exhaust' }, 'Runtime exited with error: exit status 1'],
  ] as const;

  test.each(ended)('a function that %s is replaced, and its neighbour finishes', async (_, event, message) => {
    const functions = start({ ...worker({ MemorySize: 128 }), Neighbour: lambdaFunction('behave') });
    const neighbour = succeed(functions.invoke('Hand-Neighbour', { do: 'overlap', milliseconds: 150 }));
    const sibling = succeed(functions.invoke(NAME, { do: 'overlap', milliseconds: 150 }));
    const { error, payload } = await functions.invoke(NAME, event);
    expect(error).toEqual({ errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining(message) });
    expect(payload).toEqual(error);
    expect(await succeed(functions.invoke(NAME, { do: 'overlap', milliseconds: 1 }))).toMatchObject({ seen: 1 });
    expect(await sibling).toMatchObject({ seen: 1 });
    expect(await neighbour).toMatchObject({ seen: 1 });
  });

  test('a function that does not come back, idle or busy, is stopped at its timeout and replaced', async () => {
    const once = { Timeout: 1, ReservedConcurrentExecutions: 1 };
    const functions = start({ hang: lambdaFunction('behave', {}, once), spin: lambdaFunction('behave', {}, once) });
    const stopped = ['hang', 'spin'].map(async (how) => {
      const name = `Hand-${how}`;
      const first = await succeed(functions.invoke(name, { do: 'overlap', milliseconds: 1 }));
      const { error } = await functions.invoke(name, { do: how });
      expect(error).toEqual({
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/),
      });
      const second = await succeed(functions.invoke(name, { do: 'overlap', milliseconds: 1 }));
      expect(second.instance).not.toBe(first.instance);
    });
    await Promise.all(stopped);
  });

  test('an environment that dies between two requests is not given another', async () => {
    const functions = start(worker({ ReservedConcurrentExecutions: 1 }));
    const first = await succeed(functions.invoke(NAME, { do: 'crashLater', milliseconds: 10 }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = await succeed(functions.invoke(NAME, { do: 'overlap', milliseconds: 1 }));
    expect(second.instance).not.toBe(first.instance);
  });

  test('an error is written as Lambda writes it', async () => {
    const functions = start(worker());
    const { error, payload } = await functions.invoke(NAME, { do: 'throw', text: 'out of range' });
    expect(error).toMatchObject({ errorType: 'RangeError', errorMessage: 'out of range' });
    expect(error?.trace?.[0]).toBe('RangeError: out of range');
    expect(payload).toEqual(error);
    const text = await functions.invoke(NAME, { do: 'throwText' });
    expect(text.error).toEqual({ errorType: 'string', errorMessage: 'no error at all', trace: [] });
    const circle = await functions.invoke(NAME, { do: 'circle' });
    expect(circle.error).toMatchObject({ errorType: 'Error', errorMessage: 'Unable to stringify response body' });
  });

  test('no value is null, as JSON has no undefined', async () => {
    expect(await start(worker()).invoke(NAME, { do: 'nothing' })).toEqual({ payload: null });
  });

  test('an answer beyond 6 MB is an error', async () => {
    const { error } = await start(worker()).invoke(NAME, { do: 'large', bytes: 6_291_556 });
    expect(error?.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  test.each([
    ['broken', 'index.handler', 'SyntaxError', 'this bundle does not load'],
    ['behave', 'index.missing', 'Runtime.HandlerNotFound', 'index.missing is undefined or not exported'],
    [
      'callback',
      'index.handler',
      'Runtime.CallbackHandlerDeprecated',
      'index.handler takes a callback; Node.js 24 has none',
    ],
  ])('a bundle that cannot serve says so (%s, %s)', async (bundle, Handler, errorType, errorMessage) => {
    const functions = start({ Worker: lambdaFunction(bundle, {}, { Handler }) });
    expect((await functions.invoke(NAME, {})).error).toMatchObject({ errorType, errorMessage });
    expect((await functions.invoke(NAME, {})).error).toMatchObject({ errorType });
  });
});
