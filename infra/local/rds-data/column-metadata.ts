import type { ClientBase, FieldDef } from 'pg';
import type { JsonObject } from '../template/json.ts';
import type { ResultType } from './result-types.ts';

/** The numbers of java.sql.Types, in which the service describes columns. */
const JDBC_TYPES: Readonly<Record<string, number>> = {
  bool: -7,
  int2: 5,
  int4: 4,
  int8: -5,
  float4: 7,
  float8: 8,
  numeric: 2,
  bytea: -2,
  bpchar: 1,
  name: 12,
  text: 12,
  varchar: 12,
  date: 91,
  time: 92,
  timestamp: 93,
  timestamptz: 93,
};
const OTHER = 1111;
const ARRAY = 2003;

const PRECISIONS: Readonly<Record<string, number>> = { bool: 1, int2: 5, int4: 10, int8: 19, float4: 8, float8: 17 };
const UNBOUNDED = 2_147_483_647;
/** The length of a varying type counts these four bytes of header. */
const HEADER = 4;

const NOT_NULL = 0;
const NULLABLE = 1;
const UNKNOWN = 2;

/** `columnMetadata` of a result: names and types from the result itself, table and nullability from the catalogue. */
export async function columnMetadata(
  client: ClientBase,
  columns: readonly FieldDef[],
  types: readonly ResultType[],
): Promise<readonly JsonObject[]> {
  const origins = await originsOf(client, columns);
  return columns.map((column, index) => {
    const type = types[index] as ResultType;
    const origin = origins.get(`${column.tableID}.${column.columnID}`);
    return {
      label: column.name,
      name: column.name,
      typeName: type.name,
      type: type.array ? ARRAY : (JDBC_TYPES[type.name] ?? OTHER),
      arrayBaseColumnType: 0,
      ...extentOf(type, column.dataTypeModifier),
      nullable: origin === undefined ? UNKNOWN : origin.required ? NOT_NULL : NULLABLE,
      schemaName: '',
      tableName: origin?.table ?? '',
      isAutoIncrement: origin?.generated ?? false,
      isCaseSensitive: type.kind === 'string',
      isCurrency: false,
      isSigned: type.kind === 'long' || type.kind === 'double' || type.kind === 'decimal',
    };
  });
}

function extentOf(type: ResultType, modifier: number): { precision: number; scale: number } {
  if (type.kind === 'decimal') {
    const packed = modifier - HEADER;
    return modifier < HEADER ? { precision: 0, scale: 0 } : { precision: packed >> 16, scale: packed & 0xffff };
  }
  const length = modifier >= HEADER && /char$/.test(type.name) ? modifier - HEADER : UNBOUNDED;
  return { precision: PRECISIONS[type.name] ?? length, scale: 0 };
}

type Origin = { readonly table: string; readonly required: boolean; readonly generated: boolean };

async function originsOf(client: ClientBase, columns: readonly FieldDef[]): Promise<ReadonlyMap<string, Origin>> {
  const tables = [...new Set(columns.map((column) => column.tableID))].filter((oid) => oid !== 0);
  if (tables.length === 0) return new Map();
  const { rows } = await client.query<Origin & { relation: string; position: number }>(
    `SELECT c.oid::text AS relation, a.attnum AS position, c.relname AS "table", a.attnotnull AS required,
            (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%') IS TRUE AS generated
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
       LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE c.oid = ANY($1::oid[])`,
    [tables],
  );
  return new Map(rows.map((row) => [`${row.relation}.${row.position}`, row]));
}
