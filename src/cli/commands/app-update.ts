import {
  APPLICATION_ARGUMENT,
  applicationAnswer,
  applicationPath,
  GIVEABLE_PERMISSIONS,
  knownPermission,
  requireApplication,
} from '../applications.ts';
import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { printable } from '../view/format.ts';

export const appUpdateCommand: Command = {
  name: 'app update',
  summary: 'Change the name or the permissions of an application.',
  description: [
    `Permissions: ${GIVEABLE_PERMISSIONS.join(', ')}.`,
    'What is taken away counts no more within seconds, in tokens that are out either. The last application with Rollbook.Tenant.Manage keeps it.',
  ],
  arguments: [APPLICATION_ARGUMENT],
  options: {
    name: { type: 'string', value: '<name>', summary: 'Another display name.' },
    permission: {
      type: 'string',
      value: '<name>',
      multiple: true,
      summary: 'What it may do from now on, in place of what it might; repeat it for several.',
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    {
      line: 'rollbook app update "Timetable" --permission EduRoster.ReadBasic.All',
      summary: 'It reads names and memberships, and nothing else any more.',
    },
  ],
  exits: ['unreachable'],
  async run(call) {
    const displayName = call.option('name');
    const permissions = call.options('permission').map(knownPermission);
    if (displayName === undefined && permissions.length === 0)
      throw new UsageError('Say what to change: --name, --permission or both.');
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const { clientId } = await requireApplication(client, call.argument('application'));
      const path = applicationPath(clientId);
      const body = {
        ...(displayName === undefined ? {} : { displayName }),
        ...(permissions.length === 0 ? {} : { permissions }),
      };
      const application = checked(
        applicationAnswer,
        await client.send({ method: 'PATCH', path, body }),
        path,
      );
      call.view.result({
        document: { application },
        lines: [
          `Updated: ${printable(application.displayName)} (${clientId}): ${application.permissions.join(', ')}`,
        ],
      });
      return 'ok';
    });
  },
};
