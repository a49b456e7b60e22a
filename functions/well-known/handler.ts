import { composeWellKnown } from '../compose.ts';

export const handler = composeWellKnown();
