import * as z from 'zod';
import { defineTool } from '../core/tools/define.ts';

export default defineTool({
  name: 'add_ticket_note',
  title: 'Add a note to a support ticket',
  description:
    'Adds an internal note to one support ticket, in the name of the signed-in person. Adds nothing when there is no such ticket.',
  access: 'write',
  scopes: ['tickets:write'],
  input: z.strictObject({
    ticketId: z.string().min(1).max(64).describe('Id of the ticket, or its number as people know it.'),
    body: z.string().trim().min(1).max(4000).describe('Text of the note.'),
  }),
  output: z.object({ added: z.boolean(), noteId: z.string().nullable() }),
  async run({ ticketId, body }, { sql, requestId }) {
    // Tenant and author are not ours to give: the database takes them from the signed context.
    const [note] = await sql`
      INSERT INTO app.notes (ticket_id, body, request_id)
      SELECT id, ${body}, ${requestId} FROM app.tickets WHERE number = ${ticketId} OR id::text = ${ticketId}
      RETURNING id`;
    return { added: note !== undefined, noteId: note?.id ?? null };
  },
});
