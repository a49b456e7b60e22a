import { expect, test } from 'vitest';
import type { Stack } from '../../infra/local/template/assembly.ts';
import { parameterValue } from '../../infra/local/template/environment.ts';
import { refuseUnknown, withGiven } from '../../infra/local/template/parameters.ts';

const parameters = {
  Serving: { Type: 'String', Default: 'on', AllowedValues: ['on', 'off'] },
  Name: { Type: 'String', Default: 'desk' },
};
const stack = (given: Readonly<Record<string, string>>): Stack => ({
  name: 'desk',
  parameters: withGiven('desk', parameters, given),
  conditions: {},
  outputs: {},
});

test('a parameter has the value it was given, and the others their defaults', () => {
  expect(parameterValue(stack({ Serving: 'off' }), 'Serving')).toBe('off');
  expect(parameterValue(stack({ Serving: 'off' }), 'Name')).toBe('desk');
  expect(parameterValue(stack({}), 'Serving')).toBe('on');
});

test('a value that the parameter does not allow is refused with those it does', () => {
  expect(() => stack({ Serving: 'maybe' })).toThrow(
    'desk: the parameter Serving cannot be "maybe". It is one of: on, off.',
  );
});

test('a value for a parameter that no stack has is refused, instead of doing nothing', () => {
  expect(() => refuseUnknown([stack({})], { serving: 'off' })).toThrow('No stack has a parameter "serving".');
  expect(() => refuseUnknown([stack({})], { Serving: 'off' })).not.toThrow();
});
