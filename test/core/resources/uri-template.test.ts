import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUriTemplate, URI_LIMIT, type UriTemplate } from '../../../functions/core/resources/uri-template.ts';

function template(text: string): UriTemplate {
  const parsed = parseUriTemplate(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}

/** RFC 6570 section 3.2.2, written down a second time. */
function simpleExpansion(value: string): string {
  return [...Buffer.from(value, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

describe('a template', () => {
  test.each([
    ['tickets', 'must begin with a scheme'],
    ['{scheme}://x', 'must begin with a scheme'],
    ['Ticket://{number}', 'must begin with a scheme in lower case'],
    ['ticket://{+path}', '{+path} is no variable of level 1'],
    ['ticket://{a,b}', '{a,b} is no variable of level 1'],
    ['ticket://{a*}', 'no variable of level 1'],
    ['ticket://{}', 'no variable of level 1'],
    ['ticket://{a}/{a}', 'names a variable twice'],
    ['ticket://{a', 'holds a character'],
    ['ticket://a b', 'holds a character'],
    ['ticket://caf\u00e9', 'holds a character'],
    ['ticket://%41', 'holds a character'],
    ['ticket://{a}{b}', 'must go on with'],
    ['ticket://{a}-{b}', 'must go on with'],
    ['ticket://{a}.json', 'must go on with'],
  ])('%s is refused with its reason', (text, reason) => {
    expect(parseUriTemplate(text)).toContain(reason);
  });

  test('names its variables in order', () => {
    expect(template('shop://{shop}/orders/{order}').variables).toEqual(['shop', 'order']);
    expect(template('shop://all').variables).toEqual([]);
  });
});

describe('a URI', () => {
  const ticket = template('ticket://{number}/notes/{note}');

  test('of the template gives its values, decoded', () => {
    expect({ ...ticket.match('ticket://T-1/notes/a%20b%2Fc') }).toEqual({ number: 'T-1', note: 'a b/c' });
    expect({ ...template('shop://all').match('shop://all') }).toEqual({});
  });

  test.each([
    ['another scheme', 'order://T-1/notes/1'],
    ['the scheme in another case', 'Ticket://T-1/notes/1'],
    ['no value', 'ticket:///notes/1'],
    ['a path of its own', 'ticket://T-1/../T-2/notes/1'],
    ['a query', 'ticket://T-1/notes/1?x=1'],
    ['a fragment', 'ticket://T-1/notes/1#x'],
    ['a second spelling of a letter', 'ticket://%54-1/notes/1'],
    ['an escape in lower case', 'ticket://T-1/notes/a%2fb'],
    ['half an escape', 'ticket://T-1/notes/a%2'],
    ['an escape that is no UTF-8', 'ticket://T-1/notes/%C3%28'],
    ['an overlong escape', 'ticket://T-1/notes/%C0%AF'],
    ['a reserved character as itself', "ticket://T-1/notes/a'b"],
    ['a letter outside ASCII', 'ticket://T-1/notes/\u00e9'],
    ['a line after it', 'ticket://T-1/notes/1\n'],
    ['nothing', ''],
    ['more than is looked at', `ticket://T-1/notes/${'1'.repeat(URI_LIMIT)}`],
  ])('with %s is not of the template', (_what, uri) => {
    expect(ticket.match(uri)).toBeUndefined();
  });

  test('is the expansion of exactly the values it is read as', () => {
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(value, value, (number, note) => {
        const uri = `ticket://${simpleExpansion(number)}/notes/${simpleExpansion(note)}`;
        expect({ ...ticket.match(uri) }).toEqual({ number, note });
      }),
    );
  });

  test('that is taken has no second spelling', () => {
    const piece = fc.constantFrom(
      'a',
      '%41',
      '%2F',
      '%2f',
      '/',
      'notes',
      '.',
      '..',
      '%',
      '%E9',
      '\u00e9',
      '?',
      '#',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const uri = `ticket://${pieces.join('')}/notes/1`;
        const values = ticket.match(uri);
        if (values) expect(`ticket://${simpleExpansion(values.number ?? '')}/notes/1`).toBe(uri);
      }),
    );
  });

  test('that never ends costs no more than its length', () => {
    const long = `ticket://${'a'.repeat(URI_LIMIT - 20)}`;
    expect(ticket.match(long)).toBeUndefined();
  });
});
