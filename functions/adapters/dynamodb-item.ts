import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** The attributes themselves are the core's: the `gatehouse` command writes the same items with a client of its own. */
export { faultsOf, L, N, number, oneOf, present, S, string, strings } from '../core/oauth/attributes.ts';

/** An item as the low-level client has it. */
export type Item = Record<string, AttributeValue>;
