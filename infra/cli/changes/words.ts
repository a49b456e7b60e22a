import { consequenceOf, type Loss } from './losses.ts';
import { kindOf, nameOf, shortened } from './readable.ts';
import type { Widening } from './widened.ts';

/** What was found, each in a sentence without its end: `replace the table Grants (everybody would have to …)`. */

/** After "this change would", or after "could" where {@link Loss.how} is `maybe replaced`. */
export function lossInWords(loss: Loss): string {
  const what = `the ${kindOf(loss.type)} ${nameOf(loss.id)}`;
  const consequence = consequenceOf(loss);
  const because = ` because of ${loss.because.map(shortened).join(', ')}`;
  if (loss.how === 'removed') return `remove ${what} from the stack (${consequence})`;
  if (loss.how === 'unprotected') return `let ${what} be deleted${because} (without it ${consequence})`;
  return `replace ${what} (${consequence})${because}`;
}

/** `the role OperatorRole may dynamodb:Scan on Grants`. */
export function wideningInWords({ holderType, permission }: Widening): string {
  const { effect, principal, action, resource, conditions } = permission;
  const named = holderType === undefined ? shortened(permission.holder) : nameOf(permission.holder);
  const holder = holderType === undefined ? named : `the ${kindOf(holderType)} ${named}`;
  const narrowing = Object.entries(conditions).map(
    ([key, values]) => `${shortened(key)} is ${values.map(shortened).join(' or ')}`,
  );
  const when = narrowing.length === 0 ? '' : `, if ${narrowing.join(' and ')}`;
  // In a policy of its own "*" is the thing itself.
  const where = resource === undefined || (principal !== undefined && resource === '*') ? '' : shortened(resource);
  if (effect === 'Deny') {
    const whom = principal === undefined ? '' : ` to ${whoever(principal)}`;
    const on = where === '' ? '' : ` on ${where}`;
    return `${holder} would no longer deny ${shortened(action)}${on}${whom}${when}`;
  }
  if (principal === undefined) return `${holder} may ${shortened(action)}${where === '' ? '' : ` on ${where}`}${when}`;
  const on = where === '' ? holder : `${where}, by the policy of ${holder}`;
  return `${whoever(principal)} may ${shortened(action)} on ${on}${when}`;
}

const whoever = (principal: string) => (principal === '*' ? 'anybody' : shortened(principal));
