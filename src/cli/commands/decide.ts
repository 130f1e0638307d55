import { runAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { type ExitName, UsageError } from '../exit-codes.ts';
import { resolveRunId } from '../find-run.ts';
import { followRun, isUnderWay } from '../follow-run.ts';
import { listProfiles } from '../profiles.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';
import { OperationalError } from '#lib/errors.ts';

const RUN_ARGUMENT = {
  name: 'run',
  summary: 'The run that the plan belongs to: its id, or the first 8 characters of it or more.',
} as const;

const OPTIONS = {
  note: { type: 'string', value: '<text>', summary: 'Why, for whoever reads the history.' },
  school: {
    type: 'string',
    value: '<id>',
    multiple: true,
    summary: 'Only what waits of this school. Repeat it for more. (Where schools wait, not a whole plan.)',
  },
  'plan-hash': {
    type: 'string',
    value: '<hash>',
    summary: 'The plan that was looked at (plan --json shows its hash): another one is refused.',
  },
  'no-wait': { type: 'boolean', summary: 'Do not follow the run.' },
} as const;

export const approveCommand: Command = {
  name: 'approve',
  summary: 'Apply a plan that waits, exactly as it is, and follow it.',
  description: [
    'For a preview that rollbook plan made, a plan that is held, or the schools of a plan that were held while the rest was applied. A plan is refused when another run has changed the directory since it was made.',
  ],
  arguments: [RUN_ARGUMENT],
  options: OPTIONS,
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    {
      line: 'rollbook approve 01234567-89ab-7def-8123-456789abcdef --note "New timetable"',
      summary: 'Apply the plan.',
    },
    {
      line: 'rollbook approve 01234567-89ab-7def-8123-456789abcdef --school S2',
      summary: 'Let one school go on.',
    },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  run: (call) => decide(call, 'approve'),
};

export const rejectCommand: Command = {
  name: 'reject',
  summary: 'Turn down a plan that waits: nothing of it is applied.',
  description: ['The directory stays as it is. The next upload is compared with it anew.'],
  arguments: [RUN_ARGUMENT],
  options: OPTIONS,
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    {
      line: 'rollbook reject 01234567-89ab-7def-8123-456789abcdef --note "Truncated export"',
      summary: 'Drop the plan.',
    },
  ],
  exits: ['held', 'errors', 'quarantined', 'paused', 'unreachable'],
  run: (call) => decide(call, 'reject'),
};

function decide(call: CommandCall, action: 'approve' | 'reject'): Promise<ExitName> {
  return withConnection(call, { mayCreate: false }, async ({ client }) => {
    const id = await resolveRunId(client, lookedAt(call.argument('run')), undefined);
    const note = call.option('note');
    const planHash = call.option('plan-hash');
    const schools = call.options('school');
    const path = `/api/v1/runs/${id}/${action}`;
    const answer = await client.send({
      method: 'POST',
      path,
      body: {
        ...(note === undefined ? {} : { note }),
        ...(planHash === undefined ? {} : { planHash }),
        ...(schools.length === 0 ? {} : { schools }),
      },
    });
    const run = checked(runAnswer, answer, path);
    call.view.note(action === 'approve' ? 'Approved.' : 'Rejected.');
    if (call.flag('no-wait') || !isUnderWay(run.state)) {
      call.view.result({
        document: run,
        lines: [`The run is ${run.state}.`, ...(run.message ? [run.message] : [])],
      });
      return 'ok';
    }
    const profile = (await listProfiles(client)).find(({ id: profileId }) => profileId === run.profileId);
    if (profile === undefined)
      throw new OperationalError('ProfileNotFound', 'The profile of this run is not there any more.');
    const outcome = await readOutcome(client, profile, await followRun(client, run, call.view), []);
    call.view.result({ document: outcomeDocument(outcome, {}), lines: outcomeLines(call, outcome) });
    return outcome.exit;
  });
}

/** Whoever decides names what was looked at: the newest run may be another one by now. */
function lookedAt(run: string): string {
  if (run.trim().toLowerCase() !== 'latest') return run;
  throw new UsageError(
    'Name the run whose plan you looked at by its id: another one may be the latest by now.',
  );
}
