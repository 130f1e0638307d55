import { isMadeFromDirectory } from '#core/run/run-trigger.ts';

import type { ErrorAnswer, MessageAnswer, ProfileAnswer, RunAnswer, StatusAnswer } from './client/answers.ts';
import { errorAnswer } from './client/answers.ts';
import type { ApiClient } from './client/api-client.ts';
import type { CommandCall } from './command.ts';
import { nextCommand } from './command-line.ts';
import { EXIT_CODES, exitNameOfStatus, type ExitName } from './exit-codes.ts';
import { profilePath, readStatus } from './profiles.ts';
import { formatCount, plural, printable, wrap } from './view/format.ts';
import { countLines, runTotals } from './view/run-lines.ts';

const SHOWN_ERRORS = 5;
const SHOWN_MESSAGES = 10;
const WIDTH = 100;

/** How a run ended or where it waits, ready to be shown. */
export interface SyncOutcome {
  readonly profile: ProfileAnswer;
  readonly run: RunAnswer;
  readonly messages: readonly MessageAnswer[];
  readonly status: StatusAnswer;
  /** The first few. */
  readonly errors: readonly ErrorAnswer[];
  readonly exit: ExitName;
}

/** Reads what belongs to a run that is over or waits, and decides the exit code. */
export async function readOutcome(
  client: ApiClient,
  profile: ProfileAnswer,
  run: RunAnswer,
  messages: readonly MessageAnswer[],
): Promise<SyncOutcome> {
  const status = await readStatus(client, profile.id);
  const errors =
    (status.errorCount ?? 0) === 0
      ? []
      : await client.list(
          `${profilePath(profile.id)}/errors?$top=${SHOWN_ERRORS}`,
          errorAnswer,
          SHOWN_ERRORS,
        );
  return { profile, run, messages, status, errors, exit: exitOf(run, status) };
}

/** The run itself decides where it can: the status may already be that of the next one. */
function exitOf(run: RunAnswer, status: StatusAnswer): ExitName {
  if (run.state === 'superseded' || run.state === 'cancelled' || run.state === 'rejected') return 'failure';
  if (run.state === 'suspended') return 'paused';
  if (run.state === 'held') return run.errorCode === 'ApprovalNeeded' ? 'paused' : 'held';
  if (run.state === 'broken') return status.status === 'quarantined' ? 'quarantined' : 'errors';
  // Its profile stays expired, and that is as it should be.
  if (run.state === 'completed' && isMadeFromDirectory(run.trigger)) return 'ok';
  return exitNameOfStatus(status.status);
}

export function outcomeDocument(outcome: SyncOutcome, more: Record<string, unknown>): unknown {
  const { profile, run, status } = outcome;
  const totals = runTotals(run);
  return {
    ...more,
    profile: { id: profile.id, displayName: profile.displayName },
    run: {
      id: run.id,
      state: run.state,
      message: run.message ?? null,
      errorCode: run.errorCode ?? null,
      counts: run.counts?.kinds ?? null,
      totals,
      filesToConfirm: run.counts?.filesToConfirm ?? [],
      verdict: run.verdict ?? null,
    },
    written: run.state === 'completed' ? (totals?.changes ?? null) : null,
    messages: outcome.messages,
    status,
    firstErrors: outcome.errors,
    exitCode: EXIT_CODES[outcome.exit].code,
  };
}

export function outcomeLines(call: CommandCall, outcome: SyncOutcome): string[] {
  const { run } = outcome;
  const partly = isPartHeld(run);
  const body = [
    ...(run.state === 'completed' || partly ? completedLines(call, outcome) : []),
    ...(partly ? [''] : []),
    ...(run.state === 'completed' ? [] : waitingLines(call, outcome)),
  ];
  const counts = countLines(run);
  return [
    ...(counts.length > 0 && run.state !== 'completed' && !partly ? ['What the files ask for:'] : []),
    ...counts,
    ...(counts.length > 0 ? [''] : []),
    ...body,
    ...errorLines(call, outcome),
    ...statusLines(call, outcome),
  ];
}

function completedLines(call: CommandCall, { run }: SyncOutcome): string[] {
  const totals = runTotals(run);
  if (totals === null) return [];
  const records = plural(totals.records, 'record');
  if (totals.changes === 0 && totals.held === 0)
    return [
      call.view.paint.bold('Nothing has changed since the last sync, and nothing was written.'),
      `All ${records} of the files are as they were.`,
    ];
  const done = [
    `${formatCount(totals.created)} created`,
    ...(totals.linked > 0 ? [`${formatCount(totals.linked)} linked`] : []),
    `${formatCount(totals.updated)} updated`,
    `${formatCount(totals.ended)} ended`,
  ];
  return [
    `${plural(totals.changes, 'change')} written: ${done.join(', ')}; ${formatCount(totals.unchanged)} unchanged.`,
  ];
}

const HEADLINES: Readonly<Record<string, string>> = {
  held: 'The sync is held: nothing was changed.',
  rejected: 'The plan was rejected: nothing was changed.',
  suspended: 'The profile was paused: the sync waits until it is resumed.',
  broken: 'The sync broke off and will be tried again.',
  superseded: 'A newer start has taken the place of this sync.',
  cancelled: 'The sync was cancelled.',
};

function waitingLines(call: CommandCall, outcome: SyncOutcome): string[] {
  const { run, messages, profile } = outcome;
  const { paint } = call.view;
  const reasons =
    run.verdict && run.verdict.outcome !== 'clean' ? run.verdict.reasons.map(({ message }) => message) : [];
  const why = reasons.length > 0 ? reasons : run.message ? [run.message] : [];
  const problems = messages.filter(({ type }) => type?.toLowerCase() === 'error');
  return [
    paint.bold(
      paint.yellow(
        isPartHeld(run)
          ? `${plural(runTotals(run)?.held ?? 0, 'change')} held: waiting for your decision.`
          : (HEADLINES[run.state] ?? `The sync is ${run.state}.`),
      ),
    ),
    ...why.slice(0, SHOWN_MESSAGES).flatMap((reason) => bullet(reason)),
    ...(why.length > SHOWN_MESSAGES
      ? [`  ... and ${plural(why.length - SHOWN_MESSAGES, 'more reason')}`]
      : []),
    ...(problems.length > 0 && run.state === 'held' && reasons.length === 0
      ? [
          '',
          'In the files:',
          ...problems.slice(0, SHOWN_MESSAGES).flatMap(({ description }) => bullet(description ?? '')),
        ]
      : []),
    ...(problems.length > SHOWN_MESSAGES
      ? [`  ... and ${plural(problems.length - SHOWN_MESSAGES, 'more message')}`]
      : []),
    ...(run.state === 'held' ? ['', ...remedyLines(call, run, profile)] : []),
  ];
}

/** A part of the plan is applied, another waits. */
function isPartHeld(run: RunAnswer): boolean {
  return run.state === 'held' && run.errorCode === 'PartHeld' && (runTotals(run)?.changes ?? 0) > 0;
}

/** How to go on: the exact command that accepts what is held, or why there is none. */
function remedyLines(call: CommandCall, run: RunAnswer, profile: ProfileAnswer): string[] {
  const resume = ['resume', '--profile', profile.displayName];
  const accept = `  ${nextCommand(call, resume)}`;
  const look = `  ${nextCommand(call, ['plan', profile.displayName, '--run', run.id])}`;
  switch (run.errorCode) {
    case 'FilesUnusable':
      return ['Correct the files and sync again. Files that cannot be read cannot be accepted.'];
    case 'FilesNeedConfirmation': {
      const files = run.counts?.filesToConfirm ?? [];
      return [
        'Export again and sync again. If these files are really meant to be empty, confirm each by name:',
        `  ${nextCommand(call, [...resume, ...files.flatMap((file) => ['--confirm-empty', file])])}`,
      ];
    }
    case 'ValidationFailed':
      return ['Correct the files and sync again, or go on without the faulty rows:', accept];
    case 'ApprovalNeeded':
      return ['This profile asks before every change. To look at the plan:', look, 'To apply it:', accept];
    case 'PartHeld':
      return [
        'Correct the files and sync again. To look at what waits:',
        look,
        'To accept all of it, or one school:',
        accept,
        `  ${nextCommand(call, ['approve', run.id, '--school', '<id>'])}`,
      ];
    default:
      return [
        'Correct the files and sync again. To look at the plan:',
        look,
        'To accept it as it is:',
        accept,
      ];
  }
}

function errorLines(call: CommandCall, { errors, status, profile }: SyncOutcome): string[] {
  const count = status.errorCount ?? 0;
  if (count === 0) return [];
  const rest = count - errors.length;
  return [
    '',
    call.view.paint.red(`${plural(count, 'record')} could not be taken:`),
    ...errors.flatMap((error) => bullet(errorText(error))),
    ...(rest > 0
      ? [
          `  ... and ${formatCount(rest)} more: ${nextCommand(call, ['errors', '--profile', profile.displayName])}`,
        ]
      : []),
  ];
}

/** One record error as one line. */
export function errorText(error: ErrorAnswer): string {
  const who = [error.entryType, error.reportableIdentifier].filter(Boolean).join(' ');
  return printable(`${who}: ${error.errorMessage ?? ''} (${error.errorCode ?? 'no code'})`);
}

function statusLines(call: CommandCall, { status, run }: SyncOutcome): string[] {
  // What a held run has to say stands above already; its status message repeats it.
  const message = run.state === 'held' ? '' : (status.statusMessage ?? '');
  return ['', `Status: ${paintStatus(call, status.status)}`, ...wrap(printable(message), WIDTH, '  ')];
}

export function paintStatus(call: CommandCall, status: string): string {
  const { paint } = call.view;
  const text = paint.bold(status);
  if (status === 'success') return paint.green(text);
  if (status === 'error' || status === 'quarantined') return paint.red(text);
  return status === 'inProgress' ? text : paint.yellow(text);
}

function bullet(text: string): string[] {
  const [first, ...rest] = wrap(printable(text), WIDTH - 4, '    ');
  return first === undefined ? [] : [`  - ${first.trimStart()}`, ...rest];
}
