import * as z from 'zod';

import { readResetScopes, RESET_SCOPES } from '#core/run/reset-scopes.ts';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { readStatus, requireProfile } from '../profiles.ts';
import { plural } from '../view/format.ts';

const resetAnswer = z.looseObject({
  scopes: z.array(z.string()),
  errors: z.number(),
  escrow: z.number(),
  leftQuarantine: z.boolean(),
});

export const resetCommand: Command = {
  name: 'reset',
  summary: 'Forget what a profile remembers of earlier syncs; the directory stays.',
  description: [
    `Without --scope everything is forgotten, as by Graph's reset. Scopes: ${RESET_SCOPES.join(', ')}, all.`,
    'errors: recorded errors of dropped rows. escrow: records that wait for another attempt, with their errors. snapshot: what was read last; the next sync compares with the directory. watermark: runs that wait or execute end, and the next sync needs files. quarantine: the quarantine and the broken runs that led to it.',
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    scope: {
      type: 'string',
      value: '<scope>',
      multiple: true,
      summary: 'What to forget. Repeat it for several.',
    },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook reset --profile contoso', summary: 'Start over; the next sync needs files.' },
    {
      line: 'rollbook reset --profile contoso --scope quarantine',
      summary: 'The cause is repaired: go on now.',
    },
  ],
  exits: ['unreachable'],
  run: (call) => {
    const asked = call.options('scope').map((name) => name.toLowerCase());
    const read = readResetScopes(asked.length === 0 ? ['all'] : asked);
    if ('problem' in read) throw new UsageError(`--scope: ${read.problem}`);
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      const path = `/api/v1/profiles/${encodeURIComponent(profile.id)}/reset`;
      const body = { scopes: [...read.scopes] };
      const answer = checked(resetAnswer, await client.send({ method: 'POST', path, body }), path);
      const status = await readStatus(client, profile.id);
      const forgotten: Readonly<Record<string, string>> = {
        errors: plural(answer.errors, 'recorded error'),
        escrow: `${plural(answer.escrow, 'record')} in escrow`,
        snapshot: 'what was read last: the next sync compares every record with the directory',
        watermark: 'the last run: the next sync needs all files',
        quarantine: answer.leftQuarantine ? 'the quarantine' : 'broken runs (it was not in quarantine)',
      };
      call.view.result({
        document: { profile: { id: profile.id, displayName: profile.displayName }, reset: answer, status },
        lines: [
          `Reset: ${profile.displayName}. Forgotten:`,
          ...answer.scopes.map((scope) => `  ${forgotten[scope] ?? scope}`),
          'Nothing in the directory was changed.',
        ],
      });
      return 'ok';
    });
  },
};
