import { ROSTER_FORMATS, type RosterFormat } from '#core/roster/formats.ts';
import type { IdentityConfiguration } from '#core/run/profile.ts';
import { DEFAULT_PROFILE_SETTINGS } from '#core/run/profile-settings.ts';
import { judgeStage } from '#core/validate/judge-stage.ts';
import { toMappingSettings } from '#engine/profiles/to-mapping-settings.ts';
import type { StageResult } from '#sources/contract.ts';
import { type FileValidation, validateFiles } from '#sources/validate.ts';

import type { Command, CommandCall } from '../command.ts';
import { EXIT_CODES, type ExitName, UsageError } from '../exit-codes.ts';
import {
  defaultIdentity,
  identityFromOptions,
  IDENTITY_OPTIONS,
  type IdentityRequest,
} from '../identity-options.ts';
import { openRosterFolder } from '../roster-folder.ts';
import { findingLines } from '../view/finding-lines.ts';
import { formatCount, plural, wrap } from '../view/format.ts';

export const validateCommand: Command = {
  name: 'validate',
  summary: 'Check the roster files of a folder, without a service.',
  description: [
    'Reads the files as the first sync of a new profile would, and writes nothing anywhere. What compares with earlier syncs, such as too many endings, only a sync can tell.',
    'Exit code 0: a sync would take every record; 4: it would leave faulty rows out; 3: it would be held.',
  ],
  arguments: [
    {
      name: 'folder',
      summary: 'Folder with the files of one roster, in any format that Rollbook reads, or a zip of them.',
    },
  ],
  options: {
    strict: { type: 'boolean', summary: 'Any faulty row would hold the sync, as a strict profile does.' },
    format: {
      type: 'string',
      value: '<name>',
      summary: `What the files are, if it is not to be worked out: ${ROSTER_FORMATS.join(', ')}.`,
    },
    ...IDENTITY_OPTIONS,
  },
  shared: ['output'],
  examples: [
    { line: 'rollbook validate ./export', summary: 'Before the first sync.' },
    {
      line: 'rollbook validate ./export --match Username=userPrincipalName --json',
      summary: 'For a profile that links users, and for a script.',
    },
  ],
  exits: ['held', 'errors'],
  async run(call) {
    const folder = await openRosterFolder(call.argument('folder'));
    const identity = identityFromOptions(call) ?? defaultIdentity(folder.name);
    const mapping = toMappingSettings({
      dataProvider: { type: 'csv', customizations: null },
      identityConfiguration: configurationOf(identity),
      handleSpecialCharacterConstraint: null,
    });
    const validation = await validateFiles(folder.files, mapping, call.deps.system, formatOf(call));
    const { result, findings } = validation;
    const tolerance = call.flag('strict') ? 'strict' : DEFAULT_PROFILE_SETTINGS.tolerance;
    const stop = judgeStage(result, tolerance, false);
    const exit = stop === null ? (badRowsOf(result) > 0 ? 'errors' : 'ok') : 'held';
    call.view.result({
      document: {
        folder: folder.path,
        format: result.format,
        wouldBeHeld: stop,
        files: result.files,
        findingCounts: result.findingCounts,
        findings,
        exitCode: EXIT_CODES[exit].code,
      },
      lines: reportLines(call, folder.path, validation, stop?.message ?? null, exit),
    });
    return exit;
  },
};

/** Null: to be recognized. Throws UsageError. */
function formatOf(call: CommandCall): RosterFormat | null {
  const name = call.option('format');
  if (name === undefined) return null;
  const format = ROSTER_FORMATS.find((known) => known === name);
  if (format === undefined)
    throw new UsageError(
      `--format ${name}: there is no such format. Use one of ${ROSTER_FORMATS.join(', ')}.`,
    );
  return format;
}

function configurationOf(identity: IdentityRequest): IdentityConfiguration {
  return 'userDomains' in identity
    ? { type: 'creation', userDomains: identity.userDomains }
    : { type: 'matching', matchingOptions: identity.matchingOptions };
}

function badRowsOf(result: StageResult): number {
  return result.files.reduce((sum, { badRows }) => sum + badRows, 0);
}

function reportLines(
  call: CommandCall,
  path: string,
  { result, findings }: FileValidation,
  stopMessage: string | null,
  exit: ExitName,
): string[] {
  const { paint } = call.view;
  const rows = result.files.reduce((sum, file) => sum + file.rows, 0);
  const bad = badRowsOf(result);
  const verdict =
    exit === 'ok'
      ? [paint.green('A sync would take every record.')]
      : exit === 'errors'
        ? [paint.yellow(`A sync would leave ${plural(bad, 'faulty row')} out and take the others.`)]
        : wrap(`A sync would be held: ${stopMessage ?? ''}`, 100).map((line) => paint.red(line));
  return [
    `${path}: ${plural(result.files.length, 'file')}, ${plural(rows, 'row')}${bad === 0 ? '' : `, ${formatCount(bad)} faulty`}`,
    ...wrap(`${result.format.title} (${result.format.how}): ${result.format.evidence.join(' ')}`, 100),
    ...findingLines(result.findingCounts, findings, paint),
    '',
    ...verdict,
  ];
}
