import * as z from 'zod';
import { definePrompt } from '../core/prompts/define.ts';

export default definePrompt({
  name: 'summarize_ticket',
  title: 'Summarize a support ticket',
  description: 'Asks for a short summary of one support ticket and of what the team noted about it.',
  scopes: ['tickets:read'],
  input: z.strictObject({
    number: z.string().min(1).max(64).describe('Number of the ticket, such as T-301.'),
  }),
  text: 'Summarize the support ticket below in at most five sentences: what the customer needs, what has been done, what is open. Quote its number. If there is no ticket, say so.',
  output: z.object({
    ticket: z
      .object({ number: z.string(), customer: z.string(), subject: z.string(), body: z.string(), status: z.string() })
      .nullable(),
    notes: z.array(z.object({ author: z.string(), body: z.string(), created_at: z.string() })),
  }),
  async run({ number }, { sql }) {
    const [ticket] = await sql`
      SELECT t.number, c.name AS customer, t.subject, t.body, t.status
        FROM app.tickets t JOIN app.customers c ON c.id = t.customer_id
       WHERE t.number = ${number}`;
    if (!ticket) return { ticket: null, notes: [] };
    const { rows: notes } = await sql.first(100)`
      SELECT n.author, n.body, n.created_at
        FROM app.notes n JOIN app.tickets t ON t.id = n.ticket_id
       WHERE t.number = ${number}
       ORDER BY n.created_at, n.id`;
    return { ticket, notes };
  },
});
