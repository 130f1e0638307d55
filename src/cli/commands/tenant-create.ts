import { createdAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { secretLines } from '../secret-lines.ts';

export const tenantCreateCommand: Command = {
  name: 'tenant create',
  summary: 'Create a tenant with an administrator application of its own.',
  description: [
    'A tenant is one school authority; nothing is shared between tenants. Only the first administrator may do this. The client secret is shown once.',
  ],
  arguments: [{ name: 'name', summary: 'Name of the school authority.' }],
  options: {
    'time-zone': {
      type: 'string',
      value: '<name>',
      summary: 'IANA time zone, which decides what "today" is; default UTC.',
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook tenant create "Contoso School District" --time-zone America/Chicago',
      summary: 'A tenant in Chicago.',
    },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: true }, async ({ client }) => {
      const timeZone = call.option('time-zone');
      const path = '/api/v1/tenants';
      const body = { name: call.argument('name'), ...(timeZone === undefined ? {} : { timeZone }) };
      const made = checked(createdAnswer, await client.send({ method: 'POST', path, body }), path);
      call.view.result({
        document: made,
        lines: [`Created: ${call.argument('name')}`, ...secretLines(made)],
      });
      return 'ok';
    }),
};
