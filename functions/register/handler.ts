import { composeRegister } from '../compose/register.ts';

export const handler = composeRegister();
