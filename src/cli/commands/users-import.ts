import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import * as z from 'zod';

import { IMPORT_COLUMNS_TEXT } from '#core/users/import-row.ts';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { formatCount, plural, printable } from '../view/format.ts';

const PATH = '/api/v1/users/import';
const SHOWN_ERRORS = 20;

const importAnswer = z.looseObject({
  created: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  rows: z.array(z.looseObject({ line: z.number(), result: z.string(), reason: z.string().nullish() })),
});

export const usersImportCommand: Command = {
  name: 'users import',
  summary: 'Bring existing users into the directory, for profiles that link them.',
  description: [
    `A CSV file with a header. Columns: ${IMPORT_COLUMNS_TEXT}; the first is needed. A user that is there already is updated.`,
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
      const { created, updated, unchanged, refused } = report;
      const wrong = report.rows.filter(({ result }) => result === 'refused');
      call.view.result({
        document: report,
        lines: [
          `Users: ${formatCount(created)} created, ${formatCount(updated)} updated, ${formatCount(unchanged)} unchanged.`,
          ...(refused === 0 ? [] : [`${plural(refused, 'row')} could not be taken:`]),
          ...wrong
            .slice(0, SHOWN_ERRORS)
            .map(({ line, reason }) => `  line ${line}: ${printable(reason ?? '')}`),
          ...(wrong.length > SHOWN_ERRORS
            ? [`  ... and ${formatCount(wrong.length - SHOWN_ERRORS)} more (--json lists them all)`]
            : []),
        ],
      });
      return refused === 0 ? 'ok' : 'errors';
    });
  },
};
