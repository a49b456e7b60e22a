import { composeAuthorize } from '../compose/authorize.ts';

export const handler = composeAuthorize();
