import { composeToken } from '../compose.ts';

export const handler = composeToken();
