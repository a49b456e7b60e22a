import { unreachable } from '../result.ts';
import { READABLE_SCHEMA } from './allowed-names.ts';
import { type FreeSelectRefusal, LONGEST_STATEMENT } from './free-select.ts';

/** What a model is told about a statement that was not run: what is not allowed, which name, what to do. Quotes it. */
export function explainRefusal(refusal: FreeSelectRefusal): string {
  switch (refusal.reason) {
    case 'too-long':
      return `The statement has ${refusal.bytes} bytes. At most ${LONGEST_STATEMENT} are allowed: ask for less at once.`;
    case 'no-text':
      return `The statement contains ${refusal.character}. Leave it out.`;
    case 'syntax':
      return `PostgreSQL cannot parse the statement: ${short(refusal.message)}.`;
    case 'too-complex':
      return 'The statement is nested too deeply. Write it flatter, or ask in several calls.';
    case 'several-statements':
      return refusal.count === 0
        ? 'There is no statement in the text. Write one SELECT.'
        : `The text holds ${refusal.count} statements. Write one SELECT.`;
    case 'no-select':
      return `${refusal.name} is not allowed. Only one SELECT is, WITH, VALUES and TABLE included.`;
    case 'parameter':
      return `The parameter ${short(refusal.name)} is not allowed. Write the value itself; write cast(x AS type) or spaces around a colon.`;
    case 'construct':
      return `${refusal.name} is not allowed in a statement of this tool. Write a plain SELECT without it.`;
    case 'function':
      return `The function ${short(refusal.name)} is not allowed. Common functions for numbers, text, dates, arrays, JSON and aggregates are, without a schema.`;
    case 'operator':
      return `The operator ${short(refusal.name)} is not allowed. Operators of PostgreSQL are, without a schema and without a question mark.`;
    case 'type':
      return `A cast to ${short(refusal.name)} is not allowed. Casts to numbers, text, dates, times, uuid, json and arrays of them are.`;
    case 'collation':
      return `The collation ${short(refusal.name)} is not allowed. Write it without a schema.`;
    case 'relation':
      return `The relation ${short(refusal.name)} is not allowed. Relations of schema ${READABLE_SCHEMA} are, with the schema: ${READABLE_SCHEMA}.orders. Call this tool without a statement for the list.`;
    case 'cte-name':
      return `The name ${short(refusal.name)} is not allowed for a WITH query. Use one that does not begin with pg_.`;
    default:
      return unreachable(refusal);
  }
}

function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200).toWellFormed()}...` : text;
}
