import * as z from 'zod/mini';

/** As much of DynamoDB's attribute values as the authorization server's items use. */
export type Attribute = { readonly S: string } | { readonly N: string } | { readonly L: { readonly S: string }[] };

/** Values to attributes. What is `undefined` is left out of an item by `present`. */
export const string = (value: string) => ({ S: value });
export const number = (value: number) => ({ N: String(value) });
export const strings = (values: readonly string[]) => ({ L: values.map((value) => ({ S: value })) });

export function present<A>(attributes: Readonly<Record<string, A | undefined>>): Record<string, A> {
  const item: Record<string, A> = {};
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

/** An update of DynamoDB, with the values its `:names` stand for. Attribute names are written as `#name`. */
export type ItemChange = {
  readonly expression: string;
  readonly values: Readonly<Record<string, { readonly S: string } | { readonly N: string }>>;
};
