import type { ProfileAnswer, StatusAnswer } from '../client/answers.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { exitNameOfStatus, InterruptedError, worstExit, type ExitName } from '../exit-codes.ts';
import { isUnderWay, progressOf, readNewestRun } from '../follow-run.ts';
import { listProfiles, readStatus, requireProfile } from '../profiles.ts';
import { paintStatus } from '../sync-outcome.ts';
import { formatCount, printable, wrap } from '../view/format.ts';
import type { Progress } from '../view/progress-meter.ts';

const WATCH_PAUSE_MS = 1000;

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show the status of the profiles.',
  description: [
    'Without --profile: all profiles. The exit code is that of the profile that needs an administrator most.',
    '--watch stays and shows every change until Ctrl-C; then the exit code is 0.',
  ],
  arguments: [],
  options: {
    profile: { type: 'string', value: '<name or id>', summary: 'This profile only.' },
    watch: { type: 'boolean', summary: 'Stay, and show every change.' },
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook status', summary: 'All profiles.' },
    { line: 'rollbook status --profile contoso --watch', summary: 'Follow one profile.' },
    { line: 'rollbook status --json', summary: 'For a script.' },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      if (call.flag('watch')) return watch(call, client);
      const rows = await readRows(call, client);
      call.view.result({ document: { profiles: rows.map(documentOf) }, lines: linesOf(call, rows) });
      return worstExit(rows.map(({ status }) => exitNameOfStatus(status.status)));
    }),
};

interface Row {
  readonly profile: ProfileAnswer;
  readonly status: StatusAnswer;
  readonly progress: Progress | null;
}

async function readRows(call: CommandCall, client: ApiClient): Promise<Row[]> {
  const name = call.option('profile');
  const profiles = name === undefined ? await listProfiles(client) : [await requireProfile(client, name)];
  const rows: Row[] = [];
  for (const profile of profiles) {
    const status = await readStatus(client, profile.id);
    const run = status.status === 'inProgress' ? await readNewestRun(client, profile.id) : null;
    rows.push({ profile, status, progress: run !== null && isUnderWay(run.state) ? progressOf(run) : null });
  }
  return rows;
}

/** Shows the rows whenever one of them changed; progress of a run as a bar between them. */
async function watch(call: CommandCall, client: ApiClient): Promise<ExitName> {
  const { system, interrupt } = client.scope;
  const shown = new Map<string, string>();
  try {
    for (;;) {
      const rows = await readRows(call, client);
      const changed = rows.filter((row) => shown.get(row.profile.id) !== keyOf(row));
      for (const row of changed) {
        shown.set(row.profile.id, keyOf(row));
        call.view.event({
          document: { at: system.now().toISOString(), ...documentOf(row) },
          lines: [call.view.paint.dim(system.now().toISOString()), ...rowLines(call, row)],
        });
      }
      const busy = rows.find(({ progress }) => progress !== null);
      if (busy?.progress) call.view.progress(busy.progress);
      await system.sleep(WATCH_PAUSE_MS, interrupt);
      if (interrupt.aborted || call.io.stdout.isUnread === true) return 'ok';
    }
  } catch (error) {
    if (error instanceof InterruptedError) return 'ok';
    throw error;
  } finally {
    call.view.progressDone();
  }
}

/** What makes a row worth showing again; the numbers inside a running status message do not. */
function keyOf({ profile, status }: Row): string {
  const message = status.status === 'inProgress' ? '' : (status.statusMessage ?? '');
  return [
    profile.state,
    status.status,
    message,
    status.errorCount ?? 0,
    status.lastSynchronizationDateTime,
  ].join('\n');
}

function documentOf({ profile, status, progress }: Row): Record<string, unknown> {
  return {
    id: profile.id,
    displayName: profile.displayName,
    state: profile.state,
    status: status.status,
    statusMessage: status.statusMessage ?? null,
    errorCount: status.errorCount ?? 0,
    lastSynchronizationDateTime: status.lastSynchronizationDateTime ?? null,
    lastActivityDateTime: status.lastActivityDateTime ?? null,
    progress,
  };
}

function linesOf(call: CommandCall, rows: readonly Row[]): string[] {
  if (rows.length === 0) return ['There is no profile yet: rollbook sync <folder> makes one.'];
  return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...rowLines(call, row)]);
}

function rowLines(call: CommandCall, { profile, status, progress }: Row): string[] {
  const done =
    progress === null
      ? ''
      : ` (${progress.stage}${progress.percent === undefined ? '' : `, ${Math.floor(progress.percent)} %`})`;
  return [
    `${call.view.paint.bold(printable(profile.displayName))}: ${paintStatus(call, status.status)}${done}`,
    ...wrap(printable(status.statusMessage ?? ''), 100, '  '),
    `  last synchronized: ${status.lastSynchronizationDateTime ?? 'never'}, errors: ${formatCount(status.errorCount ?? 0)}`,
  ];
}
