import { ok, type Result, refuse } from '../result.ts';
import { ALLOWED_FUNCTIONS, ALLOWED_TYPES, ALLOWED_VALUES, READABLE_SCHEMA } from './allowed-names.ts';
import { type Field, inWords, isNodeName, NODES, type NodeName } from './grammar.ts';

/** What a statement may not do, with the name that it used. */
export type NotAllowed = {
  readonly reason: 'construct' | 'parameter' | 'function' | 'operator' | 'type' | 'collation' | 'relation' | 'cte-name';
  readonly name: string;
};

/** Nested deeper than anybody needs. */
export type TooComplex = { readonly reason: 'too-complex' };

type Body = Readonly<Record<string, unknown>>;
type Part = { readonly field: Field; readonly value: unknown; readonly called: string };

/** Most nodes inside each other: what people write stays far below, and the stack of the server far above. */
const DEEPEST = 500;

/**
 * Whether a SELECT, as PostgreSQL's parser describes it, is made of nothing but what `grammar.ts` and `allowed-names.ts`
 * list. Works down the tree without recursion, so that no depth of it can exhaust the stack.
 *
 * A relation needs its schema, since without one PostgreSQL looks in `pg_catalog` first; only the name of a CTE stands
 * alone. Whether that CTE is in scope there is not asked: outside of it the name would mean a catalogue table, and those
 * all begin with `pg_`, which no CTE here may.
 */
export function judgeSelect(select: unknown): Result<true, NotAllowed | TooComplex> {
  const pending: (Part & { readonly depth: number })[] = [
    { field: 'SelectStmt', value: select, called: 'SelectStmt', depth: 1 },
  ];
  const ctes = new Set<string>();
  const bare = new Set<string>();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { field, value, called, depth } = next;
    if (depth > DEEPEST) return refuse({ reason: 'too-complex' });
    if (field === 'plain' || field === 'literal') {
      if (!(field === 'plain' ? isPlain(value) : isLiteral(value))) return notAllowed('construct', inWords(called));
    } else if (field === 'nodes') {
      const inner = nodesIn(value);
      if (!inner.ok) return inner;
      pending.push(...inner.value.map((part) => ({ ...part, depth: depth + 1 })));
    } else {
      if (!isBody(value)) return notAllowed('construct', inWords(called));
      const names = judgeNames(field, value);
      if (!names.ok) return names;
      if (field === 'CommonTableExpr') ctes.add(String(value.ctename));
      if (field === 'RangeVar' && value.schemaname === undefined) bare.add(String(value.relname));
      const inside = fieldsOf(field, value);
      if (!inside.ok) return inside;
      pending.push(...inside.value.map((part) => ({ ...part, depth })));
    }
  }
  const stray = [...bare].find((name) => !ctes.has(name));
  return stray === undefined ? ok(true) : notAllowed('relation', stray);
}

function notAllowed(reason: NotAllowed['reason'], name: string): Result<never, NotAllowed> {
  return refuse({ reason, name });
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isLiteral(value: unknown): boolean {
  return isBody(value) && Object.values(value).every(isPlain);
}

/** A node is an object of one member, its name; an absent one is an empty object. */
function nodesIn(value: unknown): Result<Part[], NotAllowed> {
  const found: Part[] = [];
  for (const node of Array.isArray(value) ? value : [value]) {
    const named = isBody(node) ? Object.entries(node) : [];
    if (isBody(node) && named.length === 0) continue;
    const [[called, body] = ['an unknown part', undefined]] = named;
    if (called === 'ParamRef') return notAllowed('parameter', '$');
    if (named.length !== 1 || !isNodeName(called)) return notAllowed('construct', inWords(called));
    found.push({ field: called, value: body, called });
  }
  return ok(found);
}

function fieldsOf(node: NodeName, body: Body): Result<Part[], NotAllowed> {
  const known: Readonly<Record<string, Field>> = NODES[node];
  const found: Part[] = [];
  for (const [called, value] of Object.entries(body)) {
    if (called === 'location') continue;
    const field = Object.hasOwn(known, called) ? known[called] : undefined;
    if (field === undefined) return notAllowed('construct', inWords(called));
    found.push({ field, value, called });
  }
  return ok(found);
}

function judgeNames(node: NodeName, body: Body): Result<true, NotAllowed> {
  switch (node) {
    case 'FuncCall':
      return judgeName('function', body.funcname, (name) => ALLOWED_FUNCTIONS.has(name));
    case 'TypeName':
      return judgeName('type', body.names, (name) => ALLOWED_TYPES.has(name));
    case 'CollateClause':
      return judgeName('collation', body.collname, () => true);
    case 'A_Expr':
      return judgeName('operator', body.name, isOperator);
    case 'SubLink':
      return body.operName === undefined ? ok(true) : judgeName('operator', body.operName, isOperator);
    case 'SortBy':
      return body.useOp === undefined ? ok(true) : judgeName('operator', body.useOp, isOperator);
    case 'SQLValueFunction': {
      const name = String(body.op);
      return ALLOWED_VALUES.has(name) ? ok(true) : notAllowed('function', name.replace('SVFOP_', ''));
    }
    case 'CommonTableExpr': {
      const name = String(body.ctename);
      return name.startsWith('pg_') ? notAllowed('cte-name', name) : ok(true);
    }
    case 'RangeVar': {
      const { schemaname: schema } = body;
      if (schema === undefined || schema === READABLE_SCHEMA) return ok(true);
      return notAllowed('relation', `${schema}.${body.relname}`);
    }
    default:
      return ok(true);
  }
}

/** A driver below the Data API may take a question mark for a place of a parameter. */
function isOperator(name: string): boolean {
  return !name.includes('?');
}

/** A name alone, or with the schema `pg_catalog`: no other schema's may be called, whatever it is called. */
function judgeName(
  reason: NotAllowed['reason'],
  value: unknown,
  allowed: (name: string) => boolean,
): Result<true, NotAllowed> {
  const parts = Array.isArray(value) ? value.map(stringIn) : [];
  const [name = '', schema = 'pg_catalog', ...more] = [...parts].reverse();
  const good = parts.length > 0 && more.length === 0 && schema === 'pg_catalog' && name !== '' && allowed(name);
  return good ? ok(true) : notAllowed(reason, parts.join('.'));
}

function stringIn(node: unknown): string {
  const text = isBody(node) && isBody(node.String) ? node.String.sval : undefined;
  return typeof text === 'string' ? text : '';
}
