import { errorAnswer } from '../client/answers.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { profilePath, readStatus, requireProfile } from '../profiles.ts';
import { formatCount, plural, printable } from '../view/format.ts';
import { textTable } from '../view/text-table.ts';

const DEFAULT_LIMIT = 100;

export const errorsCommand: Command = {
  name: 'errors',
  summary: 'List the records of a profile that are not in the directory, and why.',
  description: [
    'These are the open errors: those of the last roster. They go when a later sync succeeds with the record.',
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    limit: {
      type: 'string',
      value: '<number>',
      summary: `How many to list; default ${DEFAULT_LIMIT}, 0 for all.`,
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook errors', summary: 'The errors of the only profile.' },
    { line: 'rollbook errors --profile contoso --limit 0 --json', summary: 'All of them, for a script.' },
  ],
  exits: ['unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const limit = limitOf(call.option('limit'));
      const profile = await requireProfile(client, call.option('profile'));
      const status = await readStatus(client, profile.id);
      const top = limit < 999 ? `?$top=${limit}` : '';
      const errors = await client.list(`${profilePath(profile.id)}/errors${top}`, errorAnswer, limit);
      const count = Math.max(status.errorCount ?? 0, errors.length);
      const rows = errors.map((error) =>
        [error.entryType, error.reportableIdentifier, error.errorCode, error.errorMessage].map((cell) =>
          printable(cell ?? ''),
        ),
      );
      const columns = ['type', 'id', 'code', 'what'].map((title) => ({ title }));
      call.view.result({
        document: {
          profile: { id: profile.id, displayName: profile.displayName },
          errorCount: count,
          errors,
        },
        lines: [
          `${profile.displayName}: ${count === 0 ? 'no errors' : plural(count, 'error')}`,
          ...(rows.length === 0 ? [] : ['', ...textTable(columns, rows)]),
          ...(count > errors.length
            ? ['', `${formatCount(count - errors.length)} more: use --limit 0.`]
            : []),
        ],
      });
      return 'ok';
    }),
};

function limitOf(option: string | undefined): number {
  if (option === undefined) return DEFAULT_LIMIT;
  const limit = Number(option);
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit '${option}' is not a whole number of 0 or more.`);
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
