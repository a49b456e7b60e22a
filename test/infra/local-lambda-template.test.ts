import { afterEach, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { createFunctions, type Functions } from '../../infra/local/lambda/functions.ts';
import type { JsonObject } from '../../infra/local/template/json.ts';
import {
  assemblyOf,
  credentials,
  getAtt,
  lambdaFunction,
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

describe('what Invoke refuses', () => {
  test.each([
    ['a function that is not there', 'nobody', {}, 'ResourceNotFoundException', 404],
    ['an event beyond 6 MB', NAME, { text: 'x'.repeat(6_291_456) }, 'RequestTooLargeException', 413],
  ])('%s', async (_, name, event, code, status) => {
    const refused = start(worker()).invoke(name, event);
    await expect(refused).rejects.toBeInstanceOf(AwsError);
    await expect(refused).rejects.toMatchObject({ code, status });
  });

  test('a function that is switched off by a concurrency of 0', async () => {
    const functions = start(worker({ ReservedConcurrentExecutions: 0 }));
    await expect(functions.invoke(NAME, {})).rejects.toMatchObject({ code: 'TooManyRequestsException', status: 429 });
  });

  test('nothing by its ARN', async () => {
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${NAME}`;
    expect(await start(worker()).invoke(arn, { do: 'nothing' })).toEqual({ payload: null });
  });
});

describe('a template that could not be deployed does not start', () => {
  test.each([
    [
      'a number as a variable',
      { Environment: { Variables: { COUNT: 3 } } },
      /Worker: environment variable COUNT is 3, which is no string/,
    ],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      /Worker: environment variable AWS_REGION is reserved/,
    ],
    ['another runtime', { Runtime: 'python3.13' }, /Worker: the local cloud cannot run this function \(Runtime/],
    ['a layer', { Layers: ['arn'] }, /Worker: .*Layers/],
    [
      'a bundle that is not there',
      { Code: { S3Key: 'missing' } },
      /Worker: its bundle .*missing\/index\.js is not there/,
    ],
  ] as [string, JsonObject, RegExp][])('%s', (_, properties, message) => {
    expect(() => start(worker(properties))).toThrow(message);
  });

  test('variables of more than 4 KB together', () => {
    const functions = start(worker({}, { LONG: 'x'.repeat(4093) }));
    expect(() => functions.verify()).toThrow(/Worker: its environment variables are 4097 bytes; Lambda takes 4096/);
  });

  test('a value that a custom resource has not given yet: known at the first start of an environment, not before', async () => {
    const keys = { Type: 'Custom::PublicKeys', Properties: { ServiceToken: 'x' } };
    const template = { Keys: keys, ...worker({}, { TOKEN_KEYS: getAtt('Keys', 'Jwks') }) };
    const functions = start(template);
    const message = /Hand\/Worker: environment variable TOKEN_KEYS: Hand\/Keys .*Jwks/;
    expect(() => functions.verify()).toThrow(message);
    await expect(functions.invoke(NAME, { do: 'nothing' })).rejects.toThrow(message);
  });
});
