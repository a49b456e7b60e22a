import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';

/** An item as the low-level client has it. */
export type Item = Record<string, AttributeValue>;

/** Values to attributes. What is `undefined` is left out of an item by `present`. */
export const string = (value: string): AttributeValue => ({ S: value });
export const number = (value: number): AttributeValue => ({ N: String(value) });
export const strings = (values: readonly string[]): AttributeValue => ({ L: values.map((value) => ({ S: value })) });

export function present(attributes: Readonly<Record<string, AttributeValue | undefined>>): Item {
  const item: Item = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) item[name] = value;
  return item;
}

/** Attributes to values: an item is parsed when it is read, because a table may hold what nobody wrote. */
export const S = z.pipe(
  z.object({ S: z.string() }),
  z.transform((attribute) => attribute.S),
);
export const N = z.pipe(
  z.object({ N: z.string().check(z.regex(/^\d{1,15}$/)) }),
  z.transform((attribute) => Number(attribute.N)),
);
export const L = z.pipe(
  z.object({ L: z.array(z.object({ S: z.string() })) }),
  z.transform((attribute): readonly string[] => attribute.L.map((element) => element.S)),
);

/** A string attribute that has one of these values. */
export const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.pipe(
    z.object({ S: z.enum(values) }),
    z.transform((attribute): Values[number] => attribute.S as Values[number]),
  );

/** What is wrong with an item, by attribute and never by value: a value may be a digest of a secret. */
export function faultsOf(error: z.core.$ZodError): string {
  return [...new Set(error.issues.map((issue) => String(issue.path[0] ?? 'item')))].join(', ');
}
