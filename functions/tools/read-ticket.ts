import * as z from 'zod';
import { defineTool } from '../core/tools/define.ts';
import { trusted } from '../core/tools/trusted.ts';

const ADVICE =
  'No ticket of this organisation has that number or id. Ask the person for the number, such as T-301, and do not guess one.';

export default defineTool({
  name: 'read_ticket',
  title: 'Read a support ticket',
  description:
    'Reads one support ticket: what the customer wrote, its status, and the notes of the team. The ticket is null when there is none.',
  access: 'read',
  scopes: ['tickets:read'],
  input: z.strictObject({
    ticketId: z.string().min(1).max(64).describe('Id of the ticket, or its number as people know it.'),
  }),
  examples: [{ ticketId: 'T-301' }],
  output: z.object({
    ticket: z
      .object({
        number: z.string(),
        customer: z.string(),
        subject: z.string(),
        body: z.string(),
        status: z.string(),
        created_at: z.string(),
        id: z.string(),
      })
      .nullable(),
    notes: z.array(z.object({ author: z.string(), body: z.string(), created_at: z.string() })),
    advice: trusted(ADVICE, 'constant; says what to do when there is no ticket, and nothing about one'),
  }),
  async run({ ticketId }, { sql }) {
    const [ticket] = await sql`
      SELECT t.number, c.name AS customer, t.subject, t.body, t.status, t.created_at, t.id
        FROM app.tickets t JOIN app.customers c ON c.id = t.customer_id
       WHERE t.number = ${ticketId} OR t.id::text = ${ticketId}`;
    if (!ticket) return { ticket: null, notes: [], advice: ADVICE };
    const { rows: notes } = await sql.first(100)`
      SELECT author, body, created_at FROM app.notes
       WHERE ticket_id = ${ticket.id ?? null}::uuid
       ORDER BY created_at, id`;
    return { ticket, notes };
  },
});
