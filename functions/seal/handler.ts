import { composeSeal } from '../compose/seal.ts';

/** Runs every five minutes: verifies the audit log's chains. */
export const handler = composeSeal();
