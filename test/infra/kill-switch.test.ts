import { expect, test } from 'vitest';
import { ofType, PRODUCTION, synthesized } from './synthesized.ts';

type LambdaFunction = {
  readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
};

/** What the template says of the kill switch and of counting; what they do is in test/e2e. */
const { service, data } = synthesized(PRODUCTION);
const variables = Object.values(ofType<LambdaFunction>(service, 'AWS::Lambda::Function')).map(
  ({ Properties }) => Properties.Environment.Variables,
);
const namesOf = (with_: string) =>
  variables
    .filter((each) => with_ in each)
    .map((each) => each.POWERTOOLS_SERVICE_NAME)
    .sort();

const PEOPLES = ['authorize', 'mcp', 'mcp-write', 'register', 'token'];

test('one parameter of the service stack says on or off, and on where nobody says anything', () => {
  expect(service.findParameters('Serving')).toEqual({
    Serving: { Type: 'String', Default: 'on', AllowedValues: ['on', 'off'], Description: expect.any(String) },
  });
  expect(data.findParameters('Serving')).toEqual({});
});

test('every function that serves people hears of it, and no other: metadata, seals and deployments go on', () => {
  expect(namesOf('SERVING')).toEqual(PEOPLES);
  for (const each of variables.filter(({ SERVING }) => SERVING !== undefined)) {
    expect(each.SERVING).toEqual({ Ref: 'Serving' });
  }
});

test('nothing but those variables depends on it, so an update of the parameter changes nothing else', () => {
  const mentions = JSON.stringify(service.toJSON()).match(/\{"Ref":"Serving"\}/g) ?? [];
  expect(mentions).toHaveLength(PEOPLES.length);
});

test('what is counted is counted under the name of the stage', () => {
  expect(namesOf('METRICS_SERVICE')).toEqual(PEOPLES);
  const names = variables.map(({ METRICS_SERVICE }) => METRICS_SERVICE).filter((name) => name !== undefined);
  expect(new Set(names)).toEqual(new Set(['gatehouse-prod']));
});
