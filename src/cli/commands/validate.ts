import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import {
  ROSTER_FORMATS,
  type RosterFormat,
  WINDOWS_ENCODINGS,
  type WindowsEncoding,
} from '#core/roster/formats.ts';
import type { IdentityConfiguration } from '#core/run/profile.ts';
import { DEFAULT_PROFILE_SETTINGS } from '#core/run/profile-settings.ts';
import { FAIL_ON, type FailOn, outcomeOf, validationReport } from '#core/validate/validation-report.ts';
import { toMappingSettings } from '#engine/profiles/to-mapping-settings.ts';
import { ROSTER_FILES } from '#sources/csv/formats.ts';
import { MANIFEST_FILE } from '#sources/csv/manifest.ts';
import { FINDING_LIMITS, type FindingLimits } from '#sources/finding-collector.ts';
import { validateFiles } from '#sources/validate.ts';

import type { Command, CommandCall } from '../command.ts';
import { EXIT_CODES, endWhenInterrupted, UsageError } from '../exit-codes.ts';
import {
  defaultIdentity,
  ACCEPT_DOMAIN_OPTION,
  acceptedDomainsFrom,
  identityFromOptions,
  IDENTITY_OPTIONS,
  type IdentityRequest,
} from '../identity-options.ts';
import { checkOutputFile, isSamePath, type OutputFile, writeOutputFile } from '../output-file.ts';
import { readListsFile } from '../reference-lists.ts';
import { openRosterFolder, type RosterFolder } from '../roster-folder.ts';
import { findingCsv } from '../view/finding-csv.ts';
import { formatCount } from '../view/format.ts';
import { validationLines } from '../view/validation-lines.ts';
import { validationPage } from '../view/validation-page.ts';

const DEFAULT_EXAMPLES = 5;
const MAX_EXAMPLES = 1_000;
const MAX_FINDINGS = 1_000_000;
/** A check that is over by then says nothing of its progress. */
const QUIET_MS = 2_000;
const NARROWEST = 40;
const WIDEST = 100;

export const validateCommand: Command = {
  name: 'validate',
  summary: 'Check the roster files of a folder, without a service.',
  description: [
    'Reads the files as the first sync of a new profile would, and changes nothing: it writes only what --report and --findings ask for. What compares with earlier syncs, such as too many endings, only a sync can tell.',
    'Exit code 0: a sync would take every record, with warnings or without; 4: it would leave faulty rows out; 3: it would be held. --fail-on warning ends with 8 where there are warnings and nothing worse; --fail-on fatal ends with 0 unless a sync would be held.',
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
    encoding: {
      type: 'string',
      value: '<name>',
      summary: `What files are that are neither UTF-8 nor UTF-16, if it is not to be found out: ${WINDOWS_ENCODINGS.join(', ')}.`,
    },
    lists: {
      type: 'string',
      value: '<file.json>',
      summary:
        'Values that columns may have, as rollbook lists --json writes them. Default: those of Rollbook.',
    },
    'fail-on': {
      type: 'string',
      value: `<${FAIL_ON.join('|')}>`,
      summary:
        'The least that ends with another exit code than 0. fatal: a sync would be held; error: that, or faulty rows; warning: that, or warnings. Default: error.',
    },
    report: {
      type: 'string',
      value: '<file.html>',
      summary: 'Write the report as one HTML page, too. A file that is there is replaced.',
    },
    findings: {
      type: 'string',
      value: '<file.csv>',
      summary: `Write single findings as CSV, too: the first ${formatCount(FINDING_LIMITS.errors)} errors and ${formatCount(FINDING_LIMITS.warnings)} warnings, and ${FINDING_LIMITS.perCode} of each code.`,
    },
    'findings-limit': {
      type: 'string',
      value: '<number>',
      summary: `That many errors, and that many warnings, are kept for --findings and --json instead, ${formatCount(MAX_FINDINGS)} at most.`,
    },
    examples: {
      type: 'string',
      value: '<number>',
      summary: `How many lines are shown of each kind of finding, here and on the page. Default: ${DEFAULT_EXAMPLES}.`,
    },
    ...IDENTITY_OPTIONS,
    ...ACCEPT_DOMAIN_OPTION,
  },
  shared: ['progress', 'output'],
  examples: [
    { line: 'rollbook validate ./export', summary: 'Before the first sync.' },
    {
      line: 'rollbook validate ./export --report check.html --findings check.csv',
      summary: 'A page to read and to pass on, and a list to work through.',
    },
    {
      line: 'rollbook validate ./export --strict --fail-on warning',
      summary: 'For the tests of an exporter: nothing at all may be wrong.',
    },
    {
      line: 'rollbook validate ./export --match Username=userPrincipalName --json',
      summary: 'For a profile that links users, and for a script.',
    },
  ],
  exits: ['held', 'errors', 'warnings'],
  async run(call) {
    const failOn = failOnOf(call.option('fail-on'));
    const findingLimits = limitsOf(call.option('findings-limit'));
    const exampleCount = exampleCountOf(call.option('examples'));
    const folder = await openRosterFolder(call.argument('folder'));
    const outputs = await outputsOf(call, folder);
    const identity = identityFromOptions(call) ?? defaultIdentity(folder.name);
    const given = call.option('lists');
    const lists = given === undefined ? null : await readListsFile(given);
    const profile = {
      dataProvider: { type: 'csv', customizations: null },
      identityConfiguration: configurationOf(identity),
      handleSpecialCharacterConstraint: null,
    } as const;
    const mapping = toMappingSettings(profile, lists, {
      acceptedDomains: acceptedDomainsFrom(call),
      encoding: encodingOf(call),
    });
    const startedMs = call.deps.system.now().getTime();
    const { result, findings, rowTotals } = await validateFiles(
      folder.files,
      mapping,
      call.deps.system,
      formatOf(call),
      findingLimits,
      ({ rowsDone, bytesDone, bytesTotal }) => {
        endWhenInterrupted(call);
        if (call.deps.system.now().getTime() - startedMs < QUIET_MS) return;
        call.view.progress({
          stage: 'validating',
          percent: bytesTotal === 0 ? 0 : Math.min(99, Math.floor((100 * bytesDone) / bytesTotal)),
          done: rowsDone,
          unit: 'rows',
        });
      },
    );
    call.view.progressDone();
    const report = validationReport(folder.path, result, findings, rowTotals, {
      tolerance: call.flag('strict') ? 'strict' : DEFAULT_PROFILE_SETTINGS.tolerance,
      exampleCount,
    });
    if (outputs.report !== null) {
      const page = validationPage(report, call.deps.system.now(), call.deps.version);
      await writeOutputFile(outputs.report, page);
    }
    if (outputs.findings !== null) await writeOutputFile(outputs.findings, findingCsv(findings));
    const exit = outcomeOf(report, failOn);
    const width = Math.max(NARROWEST, Math.min(WIDEST, call.io.stdout.columns ?? 80));
    call.view.result({
      document: {
        folder: folder.path,
        format: result.format,
        wouldBeHeld: report.stop,
        files: result.files,
        rows: { total: report.total, files: report.files },
        findingCounts: result.findingCounts,
        dependants: rowTotals.dependants,
        findings,
        exitCode: EXIT_CODES[exit].code,
      },
      lines: validationLines(report, call.view.paint, width),
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

/** auto: to be found out. Throws UsageError. */
function encodingOf(call: CommandCall): WindowsEncoding | 'auto' {
  const name = call.option('encoding');
  if (name === undefined) return 'auto';
  const encoding = WINDOWS_ENCODINGS.find((known) => known === name);
  if (encoding === undefined)
    throw new UsageError(`--encoding ${name}: use one of ${WINDOWS_ENCODINGS.join(', ')}.`);
  return encoding;
}

function configurationOf(identity: IdentityRequest): IdentityConfiguration {
  return 'userDomains' in identity
    ? { type: 'creation', userDomains: identity.userDomains }
    : { type: 'matching', matchingOptions: identity.matchingOptions };
}

function failOnOf(option: string | undefined): FailOn {
  const failOn = FAIL_ON.find((name) => name === (option ?? 'error'));
  if (failOn === undefined) throw new UsageError(`--fail-on '${option}' is none of ${FAIL_ON.join(', ')}.`);
  return failOn;
}

function exampleCountOf(option: string | undefined): number {
  if (option === undefined) return DEFAULT_EXAMPLES;
  const count = /^\d{1,4}$/u.test(option) ? Number(option) : Number.NaN;
  if (!(count <= MAX_EXAMPLES))
    throw new UsageError(`--examples '${option}' is not a number from 0 to ${formatCount(MAX_EXAMPLES)}.`);
  return count;
}

function limitsOf(option: string | undefined): FindingLimits {
  if (option === undefined) return FINDING_LIMITS;
  const count = /^\d{1,7}$/u.test(option) ? Number(option) : Number.NaN;
  if (!(count <= MAX_FINDINGS))
    throw new UsageError(
      `--findings-limit '${option}' is not a number from 0 to ${formatCount(MAX_FINDINGS)}.`,
    );
  return { ...FINDING_LIMITS, errors: count, warnings: count };
}

/** Where the files go that are asked for: looked at before the work, so that a mistake costs no minute. */
async function outputsOf(
  call: CommandCall,
  folder: RosterFolder,
): Promise<Readonly<Record<'report' | 'findings', OutputFile | null>>> {
  const realFolder = await realpath(folder.path);
  // A roster file that is missing must not be made by us, either.
  const inputs = [
    ...folder.files.map(({ path }) => path),
    ...[...ROSTER_FILES, MANIFEST_FILE].map((name) => join(realFolder, name)),
  ];
  const outputOf = async (name: 'report' | 'findings'): Promise<OutputFile | null> => {
    const given = call.option(name);
    return given === undefined ? null : checkOutputFile(name, given, inputs);
  };
  const [report, findings] = [await outputOf('report'), await outputOf('findings')];
  if (report !== null && findings !== null && isSamePath(report.path, findings.path))
    throw new UsageError(`${report.option} and ${findings.option} are one file. Name two.`);
  return { report, findings };
}
