import { APPLICATIONS_PATH, GIVEABLE_PERMISSIONS, knownPermission } from '../applications.ts';
import { createdAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { secretLines } from '../secret-lines.ts';

export const appCreateCommand: Command = {
  name: 'app create',
  summary: 'Create an application: a client of the API with its own secret.',
  description: [`Permissions: ${GIVEABLE_PERMISSIONS.join(', ')}.`, 'The client secret is shown once.'],
  arguments: [{ name: 'name', summary: 'Display name of the application.' }],
  options: {
    permission: {
      type: 'string',
      value: '<name>',
      multiple: true,
      summary:
        'What it may do; repeat it for several. Default: EduAdministration.ReadWrite.All and EduRoster.Read.All.',
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook app create "Upload script"', summary: 'Syncs profiles and reads the roster.' },
    {
      line: 'rollbook app create "Timetable" --permission EduRoster.Read.All',
      summary: 'Reads schools, classes and people, and nothing else.',
    },
  ],
  exits: ['unreachable'],
  async run(call) {
    const asked = call.options('permission');
    const permissions =
      asked.length > 0
        ? asked.map(knownPermission)
        : ['EduAdministration.ReadWrite.All', 'EduRoster.Read.All'];
    return withConnection(call, { mayCreate: true }, async ({ client }) => {
      const path = APPLICATIONS_PATH;
      const body = { displayName: call.argument('name'), permissions };
      const made = checked(createdAnswer, await client.send({ method: 'POST', path, body }), path);
      call.view.result({
        document: made,
        lines: [`Created: ${call.argument('name')} (${permissions.join(', ')})`, ...secretLines(made)],
      });
      return 'ok';
    });
  },
};
