import { composeSeal } from '../compose/seal.ts';

/** Runs every five minutes, and before an export: signs a checkpoint of the audit log. */
export const handler = composeSeal();
