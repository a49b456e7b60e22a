import * as z from 'zod';
import { group } from './settings-rules.ts';
import { wrong } from './settings-sentences.ts';

/** The setting `database`: where rows are, if anywhere. */

const noCapacity = wrong('which is no capacity', 'Use 0 to 256 Aurora capacity units, in steps of 0.5');
const capacity = z.number(noCapacity).min(0, noCapacity).max(256, noCapacity).multipleOf(0.5, noCapacity);

function arn(pattern: RegExp, what: string, example: string) {
  const told = wrong(`which is no ARN of a ${what}`, `Write it like ${example}`);
  return z.string(told).regex(pattern, told);
}

const cluster = arn(
  /^arn:[a-z-]+:rds:[a-z0-9-]+:\d{12}:cluster:[a-z][a-z0-9-]{0,62}$/,
  'database cluster',
  'arn:aws:rds:eu-west-1:111122223333:cluster:shared',
);
/** Whole, with the six characters at its end: IAM grants this one secret and no other. */
const secret = arn(
  /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]{1,512}-[A-Za-z0-9]{6}$/,
  'secret, with the six characters that Secrets Manager adds',
  'arn:aws:secretsmanager:eu-west-1:111122223333:secret:gatehouse-admin-AbCdEf',
);
const noName = wrong(
  'which is no name of a database',
  'Use 1 to 63 lower-case letters, digits and _, a letter first, as PostgreSQL stores it',
);

export const database = z.discriminatedUnion(
  'kind',
  [
    group({
      kind: z.literal('aurora'),
      minCapacity: capacity,
      maxCapacity: capacity.min(1, wrong('which is too little to run', 'Use 1 or more')),
    }),
    group({
      kind: z.literal('existing'),
      clusterArn: cluster,
      name: z.string(noName).regex(/^[a-z][a-z0-9_]{0,62}$/, noName),
      adminSecretArn: secret,
    }),
    group({ kind: z.literal('none') }),
  ],
  wrong('which is no kind of database', 'Use one of: aurora, existing, none'),
);
