import type { Prompt } from '../core/prompts/define.ts';
import type { Resource } from '../core/resources/define.ts';
import type { Tool } from '../core/tools/define.ts';
import addTicketNote from './add-ticket-note.ts';
import query from './query.ts';
import readTicket from './read-ticket.ts';
import searchOrders from './search-orders.ts';
import summarizeTicket from './summarize-ticket.ts';
import supportTicket from './support-ticket.ts';
import whoami from './whoami.ts';

/** Every tool this server offers. A tool that is not listed here does not exist. */
export const tools: readonly Tool[] = [whoami, searchOrders, readTicket, addTicketNote];

/** Tools that exist only where `tools` of cdk.json turns them on, each made of what it alone needs. */
export const switchedTools = { query } as const;

/** Every resource a client may read. */
export const resources: readonly Resource[] = [supportTicket];

/** Every prompt a person may pick. */
export const prompts: readonly Prompt[] = [summarizeTicket];
