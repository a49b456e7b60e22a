import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { Problem } from '../../problem.ts';

/**
 * What CloudFormation does when a property changes, by the table that `cdk diff` itself goes by. It comes with the CDK's
 * command line, whose version is pinned; a test holds what of it this relies on.
 */
const database = z.object({
  schema: z.object({
    resource: z.object({
      entities: z.array(
        z.object({
          cloudFormationType: z.string(),
          isStateful: z.boolean().optional(),
          properties: z.record(z.string(), z.object({ causesReplacement: z.enum(['yes', 'no', 'maybe']).optional() })),
        }),
      ),
    }),
  }),
});

type Entity = z.output<typeof database>['schema']['resource']['entities'][number];

/** Answers about types of resources. */
export type ReplacementRules = {
  /** Whether a resource of this type holds what cannot be made again. */
  readonly isStateful: (type: string) => boolean;
  /** Whether changing this property makes another resource. */
  readonly replaces: (type: string, property: string) => 'yes' | 'no' | 'maybe';
};

/**
 * Losing these loses what no template can bring back, although they hold no data: the API's address is the audience of
 * every token, and people are members of a group by hand.
 */
const IRREPLACEABLE: ReadonlySet<string> = new Set(['AWS::ApiGatewayV2::Api', 'AWS::Cognito::UserPoolGroup']);

/** Has neither data of its own nor rules: what it does is up to the function behind it. */
const isCustom = (type: string) => /^Custom::|^AWS::CloudFormation::CustomResource$|^AWS::CDK::Metadata$/.test(type);

/** @throws Problem when the CDK's command line has no such table */
export function readReplacementRules(): ReplacementRules {
  const entities = new Map(readEntities().map((entity) => [entity.cloudFormationType, entity]));
  return {
    // Nobody knows about a type that is not in the table, so the worst is assumed.
    isStateful: (type) =>
      !isCustom(type) && (IRREPLACEABLE.has(type) || (entities.get(type)?.isStateful ?? !entities.has(type))),
    replaces: (type, property) => {
      if (isCustom(type)) return 'no';
      const entity = entities.get(type);
      if (entity === undefined || !Object.hasOwn(entity.properties, property)) return 'maybe';
      return entity.properties[property]?.causesReplacement ?? 'no';
    },
  };
}

function readEntities(): readonly Entity[] {
  const file = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'db.json.gz');
  try {
    return database.parse(JSON.parse(gunzipSync(readFileSync(file)).toString())).schema.resource.entities;
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : String(error);
    throw new Problem(
      `${file}: is not the table of CloudFormation's resources. Install the pinned aws-cdk: npm ci. ${why}`,
    );
  }
}
