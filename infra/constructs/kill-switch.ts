import { CfnParameter, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../function-names.ts';

const NAME = 'Serving';

/**
 * The functions that serve people, and so stop. `well-known` goes on: it says where things are and which keys there are,
 * from constants and without a call, so a client that comes back finds its way, and what was signed can be verified. `seal`
 * goes on, because what was recorded is still to be proven; `migrate` serves deployments only.
 */
export const SERVING: ReadonlySet<FunctionName> = new Set(['register', 'authorize', 'token', 'mcp', 'mcp-write']);

/**
 * The kill switch of a stack: the CloudFormation parameter `Serving`, `on` or `off`, which an operator sets with no
 * checkout and no build at hand.
 *
 * @param scope anything in the stack; the parameter is the stack's own and is made once
 */
export function killSwitch(scope: Construct): string {
  const stack = Stack.of(scope);
  const known = stack.node.tryFindChild(NAME);
  const parameter =
    known instanceof CfnParameter
      ? known
      : new CfnParameter(stack, NAME, {
          type: 'String',
          allowedValues: ['on', 'off'],
          default: 'on',
          description: 'off refuses every request with a 503, but for the well-known documents',
        });
  return parameter.valueAsString;
}
