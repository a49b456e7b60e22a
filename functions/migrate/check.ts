import * as z from 'zod/mini';
import type { MigratePorts } from './ports.ts';
import { type Privilege, privilegesOf } from './privileges.ts';
import { type Excess, selfCheck } from './self-check.ts';

/** What the database grants, and what of it is too much. */
export type DatabaseCheck = { readonly privileges: readonly Privilege[]; readonly excess: readonly Excess[] };

/** Exactly this. Anything beside it makes the event another one, and no other is taken from a person. */
const event = z.strictObject({ Check: z.literal('DatabasePrivileges') });

/** Whether somebody asks to look and nothing more. */
export function isDatabaseCheck(input: unknown): boolean {
  return z.safeParse(event, input).success;
}

/** Looks, in a transaction that could not change anything. @throws DatabaseFault when the database cannot be asked */
export async function checkDatabase({ database }: Pick<MigratePorts, 'database'>): Promise<DatabaseCheck> {
  return database.transaction(async (run) => {
    await run('SET TRANSACTION READ ONLY');
    return { privileges: await privilegesOf(run), excess: await selfCheck(run) };
  });
}
