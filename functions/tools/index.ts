import type { Tool } from '../core/tools/define.ts';
import addTicketNote from './add-ticket-note.ts';
import readTicket from './read-ticket.ts';
import searchOrders from './search-orders.ts';
import whoami from './whoami.ts';

/** Every tool this server offers. A tool that is not listed here does not exist. */
export const tools: readonly Tool[] = [whoami, searchOrders, readTicket, addTicketNote];
