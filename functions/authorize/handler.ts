import { composeAuthorize } from '../compose.ts';

export const handler = composeAuthorize();
