import { applicationAnswer, APPLICATIONS_PATH } from '../applications.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

export const appListCommand: Command = {
  name: 'app list',
  summary: 'List the applications of the tenant, and what each may do.',
  description: ['Revoked ones stay in the list.'],
  arguments: [],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [{ line: 'rollbook app list', summary: 'All applications.' }],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const applications = await client.list(APPLICATIONS_PATH, applicationAnswer);
      const rows = applications.map((one) => [
        printable(one.displayName),
        one.clientId,
        one.revokedDateTime === null ? 'in use' : `revoked ${one.revokedDateTime.slice(0, 10)}`,
        one.permissions.join(', '),
      ]);
      call.view.result({
        document: { applications },
        lines: textTable(
          ['name', 'client id', 'state', 'permissions'].map((title) => ({ title })),
          rows,
        ),
      });
      return 'ok';
    }),
};
