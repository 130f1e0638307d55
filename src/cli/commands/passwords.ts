import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import * as z from 'zod';

import { csvCell, hasFormulaGuard } from '#lib/csv-cell.ts';
import { replaceFile } from '#storage/replace-file.ts';

import { checked } from '../client/api-client.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError } from '../exit-codes.ts';
import { PROFILE_OPTION } from '../profile-option.ts';
import { requireProfile } from '../profiles.ts';
import { plural } from '../view/format.ts';

const passwordAnswer = z.object({
  kind: z.string(),
  sourceId: z.string(),
  schoolId: z.string().nullable(),
  displayName: z.string(),
  userPrincipalName: z.string(),
  initialPassword: z.string(),
});
type Password = z.infer<typeof passwordAnswer>;
const pageAnswer = z.object({
  exportId: z.string(),
  value: z.array(passwordAnswer),
  after: z.string().nullable(),
});
const confirmAnswer = z.object({ handedOut: z.number() });

const COLUMNS = [
  'schoolId',
  'kind',
  'sourceId',
  'displayName',
  'userPrincipalName',
  'initialPassword',
] as const;

export const passwordsCommand: Command = {
  name: 'passwords',
  summary: 'Hand out the initial passwords of new accounts, once, into a file.',
  description: [
    'Writes the passwords that the syncs of a profile gave to accounts they created and that were not handed out before. Once the file is on the disk they are marked as handed out: no later call, and nothing else, shows them again.',
    'A file that ends with .jsonl gets JSON Lines, any other CSV. In CSV a value that a spreadsheet would take for a formula (it begins with = + - or @) has an apostrophe in front that is not part of it, passwords too: the command says of how many. JSON Lines has all as they are. The file can be read by its owner alone.',
  ],
  arguments: [],
  options: {
    ...PROFILE_OPTION,
    output: { type: 'string', value: '<file>', summary: 'The file to write. It must not be there yet.' },
  },
  shared: ['client', 'place', 'output'],
  examples: [
    { line: 'rollbook passwords --output ./passwords.csv', summary: 'Those of the only profile.' },
    { line: 'rollbook passwords --profile contoso --output ./new.jsonl', summary: 'For a script.' },
  ],
  exits: ['unreachable'],
  async run(call) {
    const file = await freeFile(call.option('output'));
    return withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.option('profile'));
      const path = `/api/v1/profiles/${profile.id}/initialPasswords`;
      const passwords: Password[] = [];
      let body: Record<string, string> = {};
      let exportId = '';
      for (;;) {
        const page = checked(
          pageAnswer,
          await client.send({ method: 'POST', path, body, repeatable: true }),
          path,
        );
        passwords.push(...page.value);
        ({ exportId } = page);
        if (page.after === null) break;
        body = { exportId, after: page.after };
      }
      if (passwords.length === 0) {
        call.view.result({
          document: { profile: profile.id, handedOut: 0, file: null },
          lines: [`${profile.displayName}: no passwords that were not handed out already.`],
        });
        return 'ok';
      }
      await replaceFile(file, isJsonLines(file) ? toJsonLines(passwords) : toCsv(passwords), 0o600);
      const confirm = `${path}/confirm`;
      const { handedOut } = checked(
        confirmAnswer,
        await client.send({ method: 'POST', path: confirm, body: { exportId } }),
        confirm,
      );
      call.view.result({
        document: { profile: profile.id, handedOut, file },
        lines: [
          `${profile.displayName}: ${plural(handedOut, 'initial password')} in ${file}.`,
          ...guardLines(file, passwords),
          'They are shown to nobody again. Hand them on, then delete the file.',
        ],
      });
      return 'ok';
    });
  },
};

/** Throws UsageError when the file is not free. */
async function freeFile(given: string | undefined): Promise<string> {
  if (given === undefined || given.trim() === '')
    throw new UsageError('Name the file to write: --output ./passwords.csv');
  const path = resolve(given);
  if ((await stat(path).catch(() => null)) !== null)
    throw new UsageError(`${given} is there already. Name a file that is not.`);
  const folder = await stat(dirname(path)).catch(() => null);
  if (!folder?.isDirectory())
    throw new UsageError(`${dirname(path)} is not a folder. Make it, or name another file.`);
  return path;
}

/** Of passwords with an apostrophe that is not theirs: nobody could sign in with them as they are printed. */
function guardLines(file: string, passwords: readonly Password[]): string[] {
  if (isJsonLines(file)) return [];
  const guarded = passwords.filter(({ initialPassword }) => hasFormulaGuard(initialPassword)).length;
  if (guarded === 0) return [];
  return [
    `${plural(guarded, 'password')} of these would be a formula in a spreadsheet: the apostrophe in front belongs to the file, not to the password. Leave it out where they are typed or printed.`,
  ];
}

function isJsonLines(file: string): boolean {
  return file.toLowerCase().endsWith('.jsonl');
}

function toCsv(passwords: readonly Password[]): string {
  const lines = passwords.map((password) => COLUMNS.map((column) => csvCell(password[column])).join(','));
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

function toJsonLines(passwords: readonly Password[]): string {
  return passwords.map((password) => `${JSON.stringify(password)}\n`).join('');
}
