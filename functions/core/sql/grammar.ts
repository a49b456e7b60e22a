import type { Result } from '../result.ts';

/**
 * The part of PostgreSQL's grammar that free SQL may use, as its parser (libpg_query) describes a statement: which nodes,
 * and which fields of each. What is not in here is refused, so a construct that a later version adds is refused too.
 */

/** What the parser made of a text: its tree, or where it gave up. */
export type ParseSql = (text: string) => Promise<Result<unknown, ParseFault>>;
export type ParseFault =
  /** PostgreSQL's own message, which quotes the text. */
  | { readonly reason: 'syntax'; readonly message: string }
  /** The parser ran out of stack or memory. */
  | { readonly reason: 'too-complex' };

/**
 * What a field may hold: a plain value; nodes, alone or in lists, each under its name; a literal; or the one node named,
 * which then stands there without its name.
 */
export type Field = 'plain' | 'nodes' | 'literal' | keyof typeof NODES;

const plain = 'plain';
const nodes = 'nodes';
const literal = 'literal';

/** Every node may also have its `location`. */
export const NODES = {
  SelectStmt: {
    distinctClause: nodes,
    targetList: nodes,
    fromClause: nodes,
    whereClause: nodes,
    groupClause: nodes,
    groupDistinct: plain,
    havingClause: nodes,
    windowClause: nodes,
    valuesLists: nodes,
    sortClause: nodes,
    limitOffset: nodes,
    limitCount: nodes,
    limitOption: plain,
    withClause: 'WithClause',
    op: plain,
    all: plain,
    larg: 'SelectStmt',
    rarg: 'SelectStmt',
  },
  WithClause: { ctes: nodes, recursive: plain },
  CommonTableExpr: { ctename: plain, aliascolnames: nodes, ctematerialized: plain, ctequery: nodes },
  ResTarget: { name: plain, val: nodes },

  RangeVar: { schemaname: plain, relname: plain, inh: plain, relpersistence: plain, alias: 'Alias' },
  RangeSubselect: { lateral: plain, subquery: nodes, alias: 'Alias' },
  RangeFunction: { lateral: plain, ordinality: plain, is_rowsfrom: plain, functions: nodes, alias: 'Alias' },
  JoinExpr: {
    jointype: plain,
    isNatural: plain,
    larg: nodes,
    rarg: nodes,
    usingClause: nodes,
    join_using_alias: 'Alias',
    quals: nodes,
    alias: 'Alias',
  },
  Alias: { aliasname: plain, colnames: nodes },

  ColumnRef: { fields: nodes },
  A_Star: {},
  A_Const: { ival: literal, fval: literal, boolval: literal, sval: literal, bsval: literal, isnull: plain },
  A_Expr: { kind: plain, name: nodes, lexpr: nodes, rexpr: nodes },
  A_Indices: { is_slice: plain, lidx: nodes, uidx: nodes },
  A_Indirection: { arg: nodes, indirection: nodes },
  A_ArrayExpr: { elements: nodes },
  BoolExpr: { boolop: plain, args: nodes },
  BooleanTest: { arg: nodes, booltesttype: plain },
  NullTest: { arg: nodes, nulltesttype: plain, argisrow: plain },
  CaseExpr: { arg: nodes, args: nodes, defresult: nodes },
  CaseWhen: { expr: nodes, result: nodes },
  CoalesceExpr: { args: nodes },
  MinMaxExpr: { op: plain, args: nodes },
  RowExpr: { args: nodes, row_format: plain },
  SubLink: { subLinkType: plain, testexpr: nodes, operName: nodes, subselect: nodes },
  SQLValueFunction: { op: plain, typmod: plain },
  TypeCast: { arg: nodes, typeName: 'TypeName' },
  TypeName: { names: nodes, typmods: nodes, typemod: plain, arrayBounds: nodes },
  CollateClause: { arg: nodes, collname: nodes },
  FuncCall: {
    funcname: nodes,
    args: nodes,
    agg_order: nodes,
    agg_filter: nodes,
    over: 'WindowDef',
    agg_within_group: plain,
    agg_star: plain,
    agg_distinct: plain,
    func_variadic: plain,
    funcformat: plain,
  },
  NamedArgExpr: { arg: nodes, name: plain, argnumber: plain },
  WindowDef: {
    name: plain,
    refname: plain,
    partitionClause: nodes,
    orderClause: nodes,
    frameOptions: plain,
    startOffset: nodes,
    endOffset: nodes,
  },
  SortBy: { node: nodes, sortby_dir: plain, sortby_nulls: plain, useOp: nodes },
  GroupingSet: { kind: plain, content: nodes },
  GroupingFunc: { args: nodes },

  List: { items: nodes },
  String: { sval: plain },
  Integer: { ival: plain },
  Float: { fval: plain },
  Boolean: { boolval: plain },
  BitString: { bsval: plain },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type NodeName = keyof typeof NODES;

export function isNodeName(name: string): name is NodeName {
  return Object.hasOwn(NODES, name);
}

/** What people call a part of a statement that the parser names in its own way. */
const IN_WORDS: Readonly<Record<string, string>> = {
  intoClause: 'SELECT INTO',
  lockingClause: 'a row lock (FOR UPDATE and its kin)',
  RangeTableSample: 'TABLESAMPLE',
  RangeTableFunc: 'XMLTABLE',
  JsonTable: 'JSON_TABLE',
  XmlExpr: 'an XML expression',
  XmlSerialize: 'XMLSERIALIZE',
  SetToDefault: 'DEFAULT',
  ColumnDef: 'a column definition list',
  coldeflist: 'a column definition list',
  catalogname: 'a name of a database',
  search_clause: 'SEARCH',
  cycle_clause: 'CYCLE',
  setof: 'SETOF',
  pct_type: '%TYPE',
  CreateTableAsStmt: 'CREATE TABLE AS',
  VariableSetStmt: 'SET',
  VariableShowStmt: 'SHOW',
  TransactionStmt: 'a transaction command',
};

/** How a refusal names a node or a field. The names are the grammar's, never the caller's. */
export function inWords(part: string): string {
  if (Object.hasOwn(IN_WORDS, part)) return IN_WORDS[part] ?? part;
  return part
    .replace(/Stmt$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
}
