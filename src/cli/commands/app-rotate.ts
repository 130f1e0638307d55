import { APPLICATION_ARGUMENT, applicationPath, requireApplication } from '../applications.ts';
import { rotatedAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { secretLines } from '../secret-lines.ts';
import { printable } from '../view/format.ts';

export const appRotateCommand: Command = {
  name: 'app rotate',
  summary: 'Give an application a new secret; the old one goes on for a while.',
  description: [
    'Both secrets are valid for a day, or as long as --grace-hours says: put the new one where the old one is in that time. There are never more than two. The new secret is shown once.',
    'After a secret has leaked: --immediately.',
  ],
  arguments: [APPLICATION_ARGUMENT],
  options: {
    'grace-hours': {
      type: 'string',
      value: '<hours>',
      summary: 'Hours until the old secret ends, 0 to 2160 (90 days). Default: 24.',
    },
    immediately: { type: 'boolean', summary: 'The old secret ends now.' },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook app rotate "Nightly sync"', summary: 'A new secret, and a day to put it in place.' },
    {
      line: 'rollbook app rotate "Nightly sync" --immediately',
      summary: 'The old one is worthless at once.',
    },
  ],
  exits: ['unreachable'],
  async run(call) {
    const body = bodyOf(call);
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const { clientId, displayName } = await requireApplication(client, call.argument('application'));
      const path = `${applicationPath(clientId)}/rotateSecret`;
      const made = checked(rotatedAnswer, await client.send({ method: 'POST', path, body }), path);
      const end = made.previousSecretEndDateTime;
      call.view.result({
        document: made,
        lines: [
          `New secret for ${printable(displayName)}; the old one ${end === null ? 'has ended' : `is valid until ${end}`}.`,
          ...secretLines(made),
        ],
      });
      if (clientId === client.credentials.clientId)
        call.view.warn(
          'The command signs in as this very application: put the new secret into its credentials file (credentials.json in the data directory) or ROLLBOOK_CLIENT_SECRET.',
        );
      return 'ok';
    });
  },
};

function bodyOf(call: CommandCall): { graceHours?: number; immediately?: true } {
  const hours = call.option('grace-hours');
  if (hours !== undefined && (!/^\d{1,4}$/u.test(hours) || Number(hours) > 2_160))
    throw new UsageError(`--grace-hours '${hours}' is not a whole number from 0 to 2160.`);
  if (!call.flag('immediately')) return hours === undefined ? {} : { graceHours: Number(hours) };
  if (hours !== undefined) throw new UsageError('Say --immediately or --grace-hours, not both.');
  return { immediately: true };
}
