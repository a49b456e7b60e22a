import { composeToken } from '../compose/token.ts';

export const handler = composeToken();
