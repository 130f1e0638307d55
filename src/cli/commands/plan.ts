import { runAnswer } from '../client/answers.ts';
import { type ApiClient, checked } from '../client/api-client.ts';
import { planAnswer, type PlanAnswer, planItemAnswer, type PlanItemAnswer } from '../client/plan-answers.ts';
import { nextCommand } from '../command-line.ts';
import type { Command, CommandCall } from '../command.ts';
import { withConnection } from '../connection.ts';
import { UsageError, type ExitName } from '../exit-codes.ts';
import { resolveRunId } from '../find-run.ts';
import { followRun } from '../follow-run.ts';
import { requireProfile } from '../profiles.ts';
import { openRosterFolder } from '../roster-folder.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';
import { uploadFolder } from '../upload-folder.ts';
import { itemLines, planLines } from '../view/plan-lines.ts';

const DEFAULT_ITEMS = 50;

export const planCommand: Command = {
  name: 'plan',
  summary: 'Show what a sync would change, without changing anything.',
  description: [
    'Reads and checks the files and works out every change, counted by school, with the reason of each. Nothing is written to the directory, and the status of the profile stays as it is. The plan then waits: rollbook approve applies exactly this plan, rollbook reject drops it.',
    'The files are those of --folder, else those that were uploaded and not yet started, else those that a sync or a plan took last, rejected ones too.',
  ],
  arguments: [{ name: 'profile', summary: 'Name or id of the profile.' }],
  options: {
    folder: {
      type: 'string',
      value: '<folder>',
      summary: 'Upload the roster files of this folder, or this zip, first.',
    },
    run: {
      type: 'string',
      value: '<id>',
      summary:
        'Show the plan of this run again, instead of making one: its id, the first 8 characters of it, or latest.',
    },
    items: { type: 'boolean', summary: `List single changes, ${DEFAULT_ITEMS} unless --limit says more.` },
    school: { type: 'string', value: '<id>', summary: 'With --items: changes of this school only.' },
    kind: {
      type: 'string',
      value: '<kind>',
      summary: 'With --items: of this kind only: class, student, ...',
    },
    action: {
      type: 'string',
      value: '<action>',
      summary: 'With --items: only create, update, deactivate, end, ...',
    },
    limit: { type: 'string', value: '<number>', summary: 'With --items: how many; 0 for all.' },
    'exit-code': {
      type: 'boolean',
      summary:
        'For scripts: end with 0 when nothing would change, 2 when something would, 3 when the plan is held.',
    },
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook plan contoso --folder ./export', summary: 'What would these files change?' },
    { line: 'rollbook plan contoso --items --school S2 --action end', summary: 'Who would leave school S2?' },
    { line: 'rollbook plan contoso --folder ./export --exit-code --quiet', summary: 'A gate in a script.' },
  ],
  exits: ['changes', 'held', 'errors', 'unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const limit = limitOf(call.option('limit'));
      const profile = await requireProfile(client, call.argument('profile'));
      const folderName = call.option('folder');
      const runId = call.option('run');
      if (folderName !== undefined && runId !== undefined)
        throw new UsageError('--folder makes a new plan and --run shows an old one: give one of them.');
      if (folderName !== undefined) {
        const folder = await openRosterFolder(folderName);
        await uploadFolder(call, client, profile, folder);
      }
      const path = `/api/v1/profiles/${encodeURIComponent(profile.id)}/plan`;
      const made =
        runId === undefined
          ? await followRun(
              client,
              checked(runAnswer, await client.send({ method: 'POST', path, body: {} }), path),
              call.view,
            )
          : await client.get(`/api/v1/runs/${await resolveRunId(client, runId, profile.id)}`, runAnswer);
      if (runId === undefined && (made.state !== 'held' || made.errorCode !== 'PreviewReady')) {
        const outcome = await readOutcome(client, profile, made, []);
        call.view.result({ document: outcomeDocument(outcome, {}), lines: outcomeLines(call, outcome) });
        return made.state === 'held' ? 'held' : 'failure';
      }
      return showPlan(call, client, made.id, limit);
    }),
};

async function showPlan(
  call: CommandCall,
  client: ApiClient,
  runId: string,
  limit: number,
): Promise<ExitName> {
  const path = `/api/v1/runs/${encodeURIComponent(runId)}/plan`;
  const plan = await client.get(path, planAnswer);
  const items = call.flag('items')
    ? await client.list(`${path}/items${itemQuery(call, limit)}`, planItemAnswer, limit)
    : [];
  call.view.result({
    document: { ...plan, ...(call.flag('items') ? { items } : {}) },
    lines: [
      ...planLines(plan, call.view.paint),
      ...(items.length > 0 ? ['', ...itemLines(items, call.view.paint)] : []),
      ...nextLines(call, plan, items),
    ],
  });
  if (!call.flag('exit-code')) return 'ok';
  if (plan.itemCount === 0) return 'ok';
  return plan.verdict.outcome === 'clean' ? 'changes' : 'held';
}

function nextLines(call: CommandCall, plan: PlanAnswer, items: readonly PlanItemAnswer[]): string[] {
  if (plan.state !== 'held') return ['', `The run of this plan is ${plan.state}.`];
  if (plan.stale)
    return [
      '',
      'The plan is stale: another run has changed the directory since it was made. Make a new one.',
    ];
  const show = ['plan', plan.profileId, '--run', plan.runId, '--items'];
  return [
    '',
    ...(items.length === 0 && plan.itemCount > 0
      ? ['To see every change:', `  ${nextCommand(call, show)}`]
      : []),
    'To apply exactly this plan, or to drop it:',
    `  ${nextCommand(call, ['approve', plan.runId])}`,
    `  ${nextCommand(call, ['reject', plan.runId])}`,
  ];
}

function itemQuery(call: CommandCall, limit: number): string {
  const wanted: [string, string | undefined][] = [
    ['school', call.option('school')],
    ['kind', call.option('kind')],
    ['action', call.option('action')],
    ['$top', Number.isFinite(limit) ? String(Math.min(limit, 1_000)) : '1000'],
  ];
  const given = wanted.filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function limitOf(option: string | undefined): number {
  if (option === undefined) return DEFAULT_ITEMS;
  const limit = Number(option);
  if (!Number.isInteger(limit) || limit < 0)
    throw new UsageError(`--limit '${option}' is not a whole number of 0 or more.`);
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}
