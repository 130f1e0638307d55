import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import * as z from 'zod';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { formatCount, plural, printable } from '../view/format.ts';

const PATH = '/api/v1/users/import';
const SHOWN_ERRORS = 20;

const importAnswer = z.looseObject({
  created: z.number().default(0),
  updated: z.number().default(0),
  unchanged: z.number().default(0),
  errors: z.array(z.looseObject({ line: z.number().nullish(), message: z.string().nullish() })).default([]),
});

export const usersImportCommand: Command = {
  name: 'users import',
  summary: 'Bring existing users into the directory, for profiles that link them.',
  description: [
    'A CSV file with the columns userPrincipalName and displayName, and if wanted givenName, surname, mail, mailNickname, employeeId, primaryRole, accountEnabled. A user that is there already is updated.',
  ],
  arguments: [{ name: 'csv', summary: 'The file.' }],
  options: {},
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook users import ./accounts.csv', summary: 'Before the first sync with --match.' },
  ],
  exits: ['errors', 'unreachable'],
  async run(call) {
    const file = resolve(call.argument('csv'));
    const bytes = new Uint8Array(
      await readFile(file).catch((error: unknown) => {
        throw new UsageError(`${file} cannot be read: ${String((error as NodeJS.ErrnoException).code)}.`);
      }),
    );
    return withConnection(call, { mayCreate: true }, async ({ client }) => {
      const answer = await client.send({
        method: 'POST',
        path: PATH,
        raw: { contentType: 'text/csv', bytes },
        repeatable: true,
      });
      const report = checked(importAnswer, answer, PATH);
      const { created, updated, unchanged, errors } = report;
      call.view.result({
        document: report,
        lines: [
          `Users: ${formatCount(created)} created, ${formatCount(updated)} updated, ${formatCount(unchanged)} unchanged.`,
          ...(errors.length === 0 ? [] : [`${plural(errors.length, 'row')} could not be taken:`]),
          ...errors
            .slice(0, SHOWN_ERRORS)
            .map(({ line, message }) => `  line ${line ?? '?'}: ${printable(message ?? '')}`),
          ...(errors.length > SHOWN_ERRORS
            ? [`  ... and ${formatCount(errors.length - SHOWN_ERRORS)} more (--json lists them all)`]
            : []),
        ],
      });
      return errors.length === 0 ? 'ok' : 'errors';
    });
  },
};
