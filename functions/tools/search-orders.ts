import * as z from 'zod';
import { defineTool } from '../core/tools/define.ts';

export default defineTool({
  name: 'search_orders',
  title: 'Search orders',
  description: 'Lists orders, newest first. Narrow by status or by a part of the name of the customer.',
  access: 'read',
  scopes: ['orders:read'],
  input: z.strictObject({
    status: z.enum(['pending', 'paid', 'shipped', 'refunded']).optional().describe('Only orders of this status.'),
    customer: z.string().min(1).max(100).optional().describe('Part of the name of the customer.'),
    limit: z.int().min(1).max(50).default(20).describe('How many orders at most.'),
  }),
  output: z.array(
    z.object({
      number: z.string(),
      customer: z.string(),
      item: z.string(),
      status: z.string(),
      total: z.string(),
      currency: z.string(),
      placed_at: z.string(),
      id: z.string(),
    }),
  ),
  examples: [{}, { status: 'paid', limit: 5 }, { customer: 'Holm' }],
  async run({ status = null, customer = null, limit }, { sql }) {
    return sql`
      SELECT o.number, c.name AS customer, o.item, o.status, o.total, o.currency, o.placed_at, o.id
        FROM app.orders o JOIN app.customers c ON c.id = o.customer_id
       WHERE (${status}::text IS NULL OR o.status = ${status})
         AND (${customer}::text IS NULL OR strpos(lower(c.name), lower(${customer})) > 0)
       ORDER BY o.placed_at DESC, o.id
       LIMIT ${limit}`;
  },
});
