import * as z from 'zod';
import { defineResource } from '../core/resources/define.ts';

export default defineResource({
  name: 'support_ticket',
  title: 'Support ticket',
  description: 'One support ticket by its number, as the customer wrote it.',
  uri: 'ticket://{number}',
  scopes: ['tickets:read'],
  parameters: z.strictObject({ number: z.string().regex(/^[A-Z]{1,4}-[0-9]{1,9}$/) }),
  output: z.object({
    number: z.string(),
    customer: z.string(),
    subject: z.string(),
    body: z.string(),
    status: z.string(),
    created_at: z.string(),
  }),
  async read({ number }, { sql }) {
    const [ticket] = await sql`
      SELECT t.number, c.name AS customer, t.subject, t.body, t.status, t.created_at
        FROM app.tickets t JOIN app.customers c ON c.id = t.customer_id
       WHERE t.number = ${number}`;
    return ticket ?? null;
  },
});
