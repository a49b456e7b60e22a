import { ok, type Result, refuse } from '../result.ts';
import { codeOf } from './code.ts';

export type NotOneSelect = {
  readonly reason: 'empty' | 'several-statements' | 'no-select' | 'writes';
  readonly word?: string;
};

/** `into` makes a table, `for update` and its kin take locks; the rest write. */
const WRITING = /\b(?:insert|update|delete|merge|into|truncate|copy|for\s+(?:no\s+key\s+update|key\s+share|share))\b/i;

/**
 * A cheap look at a read: one statement, which begins as a SELECT does and holds no word that writes. It catches a slip
 * of an author early and with a clear message. It is no boundary: that is the login, whose grants and READ ONLY
 * transaction hold whatever the text says.
 */
export function isOneSelect(text: string): Result<true, NotOneSelect> {
  const code = codeOf(text).trim().replace(/;\s*$/, '');
  if (code === '') return refuse({ reason: 'empty' });
  if (code.includes(';')) return refuse({ reason: 'several-statements' });
  const [first = ''] = /^[(\s]*\w*/.exec(code) ?? [];
  const word = first.replaceAll(/[(\s]/g, '').toLowerCase();
  if (!['select', 'with', 'values', 'table'].includes(word)) return refuse({ reason: 'no-select', word });
  const writing = WRITING.exec(code)?.[0].toLowerCase();
  return writing === undefined ? ok(true) : refuse({ reason: 'writes', word: writing });
}
