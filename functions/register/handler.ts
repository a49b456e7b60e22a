import { composeRegister } from '../compose.ts';

export const handler = composeRegister();
