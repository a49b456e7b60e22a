import { composeWellKnown } from '../compose/well-known.ts';

export const handler = composeWellKnown();
