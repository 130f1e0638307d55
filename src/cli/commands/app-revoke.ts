import { APPLICATION_ARGUMENT, applicationPath, requireApplication } from '../applications.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { printable } from '../view/format.ts';

export const appRevokeCommand: Command = {
  name: 'app revoke',
  summary: 'Revoke an application: its secrets and its tokens end, for good.',
  description: [
    'Other processes of the service take its tokens for a few seconds more. What it did stays in the history under its name. The last application with Rollbook.Tenant.Manage cannot be revoked.',
  ],
  arguments: [APPLICATION_ARGUMENT],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook app revoke "Old script"', summary: 'It gets no token any more.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const { clientId, displayName } = await requireApplication(client, call.argument('application'));
      await client.send({ method: 'DELETE', path: applicationPath(clientId) });
      call.view.result({
        document: { revoked: { clientId, displayName } },
        lines: [`Revoked: ${printable(displayName)} (${clientId})`],
      });
      return 'ok';
    }),
};
