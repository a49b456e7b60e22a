import * as z from 'zod';
import { defineTool } from '../core/tools/define.ts';

export default defineTool({
  name: 'whoami',
  title: 'Who am I',
  description: 'Says who is signed in: the person, their organisation, their roles and the client they use.',
  access: 'read',
  scopes: [],
  input: z.strictObject({}),
  output: z.object({
    subject: z.string(),
    tenant: z.string().nullable(),
    roles: z.array(z.string()),
    client: z.string(),
  }),
  async run(_input, { user }) {
    return { subject: user.subject, tenant: user.tenant ?? null, roles: user.roles, client: user.clientId };
  },
});
