import * as z from 'zod';
import { group } from './settings-rules.ts';
import { wrong } from './settings-sentences.ts';

/** The setting `pipeline`: which workflows of which repository may deploy. */

const noRepository = wrong(
  'which is no repository on GitHub',
  'Write it like owner/repository, or like owner@123456/repository@456789 where its OIDC subject has these ids; no *',
);
const owner = '[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}';
const name = '[A-Za-z0-9._-]{1,100}';
/**
 * As it stands in the subject of GitHub's tokens: names alone, or names with ids that nobody else can ever get.
 * https://docs.github.com/actions/reference/security/oidc, "Immutable subject claims".
 */
const repository = z
  .string(noRepository)
  .regex(new RegExp(`^(?:${owner}/${name}|${owner}@[0-9]+/${name}@[0-9]+)$`), noRepository);

const noEnvironment = wrong(
  'which is no environment',
  'Use 1 to 32 lower-case letters, digits and single hyphens, a letter first',
);
const environment = z
  .string(noEnvironment)
  .max(32, noEnvironment)
  .regex(/^[a-z](?:-?[a-z0-9])*$/, noEnvironment);

const noEnvironments = wrong('which is no list of different environments', 'Write a list like ["prod"]');

const noProvider = wrong(
  'which is no ARN of the identity provider of GitHub Actions',
  'Write it like arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com, or leave it out',
);

export const pipeline = group({
  repository,
  environments: z
    .array(environment, noEnvironments)
    .min(1, noEnvironments)
    // Compared as resources are named after them: without hyphens.
    .refine((names) => new Set(names.map((one) => one.replaceAll('-', ''))).size === names.length, noEnvironments),
  providerArn: z
    .string(noProvider)
    .regex(/^arn:[a-z-]+:iam::\d{12}:oidc-provider\/token\.actions\.githubusercontent\.com$/, noProvider)
    .optional(),
}).optional();
