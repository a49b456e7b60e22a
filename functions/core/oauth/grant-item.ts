import { type ItemChange, string } from './attributes.ts';

/**
 * Ends a grant, code and refresh family in one. The digests stay: a token of a revoked family is still recognised as
 * one. Two sides write this, the functions and the operator's command.
 */
export const REVOKE_GRANT: ItemChange = { expression: 'SET #st = :revoked', values: { ':revoked': string('revoked') } };
