import * as z from 'zod';
import { badRequest } from './failures.ts';

/**
 * The shapes of the requests, as in the service model. A member that would change what a statement does and that this
 * front does not carry out is refused; nothing is ignored in silence but members no version of the model knows.
 */

const text = z.string().min(1);

/** A union: exactly one member (restJson1; the service answers a second one with an error). */
const field = z
  .object({
    isNull: z.literal(true).optional(),
    booleanValue: z.boolean().optional(),
    longValue: z.int().optional(),
    doubleValue: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).optional(),
    stringValue: z.string().optional(),
    blobValue: z.base64().optional(),
    arrayValue: z.undefined({ error: 'Array parameters are not supported' }).optional(),
  })
  .refine((value) => Object.values(value).filter((member) => member !== undefined).length === 1, {
    error: 'exactly one member must be set',
  });

const parameter = z.object({
  name: text,
  value: field,
  typeHint: z.enum(['DATE', 'DECIMAL', 'JSON', 'TIME', 'TIMESTAMP', 'UUID']).optional(),
});

const target = {
  resourceArn: text,
  secretArn: text,
  database: text.optional(),
  schema: z.undefined({ error: 'the schema parameter is not supported' }).optional(),
};

const shapes = {
  begin: z.object(target),
  end: z.object({ resourceArn: text, secretArn: text, transactionId: text }),
  execute: z.object({
    ...target,
    // ExecuteStatement: "Length Constraints: Minimum length of 0. Maximum length of 65536."
    sql: text.max(65_536),
    parameters: z.array(parameter).default([]),
    transactionId: text.optional(),
    includeResultMetadata: z.boolean().default(false),
    continueAfterTimeout: z.literal(false, { error: 'is not modelled here: leave it out' }).optional(),
    formatRecordsAs: z.enum(['NONE', 'JSON']).default('NONE'),
    resultSetOptions: z
      .object({
        decimalReturnType: z.enum(['STRING', 'DOUBLE_OR_LONG']).default('STRING'),
        longReturnType: z.enum(['LONG', 'STRING']).default('LONG'),
      })
      .prefault({}),
  }),
} as const;

export type Parameter = z.output<typeof parameter>;
export type ExecuteRequest = z.output<(typeof shapes)['execute']>;
export type EndRequest = z.output<(typeof shapes)['end']>;
/** Whom a call is about. A transaction is bound to all of it. */
export type Target = {
  readonly resourceArn: string;
  readonly secretArn: string;
  readonly database?: string | undefined;
};

/** @throws AwsError BadRequestException naming each member that is wrong. */
export function parseRequest<N extends keyof typeof shapes>(name: N, input: unknown): z.output<(typeof shapes)[N]> {
  const parsed = shapes[name].safeParse(input);
  if (parsed.success) return parsed.data as z.output<(typeof shapes)[N]>;
  throw badRequest(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}
