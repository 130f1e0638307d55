import { runAnswer } from '../client/answers.ts';
import { checked } from '../client/api-client.ts';
import { planAnswer, planItemAnswer } from '../client/plan-answers.ts';
import { nextCommand } from '../command-line.ts';
import type { Command } from '../command.ts';
import { withConnection } from '../connection.ts';
import { resolveRunId } from '../find-run.ts';
import { followRun } from '../follow-run.ts';
import { requireProfile } from '../profiles.ts';
import { outcomeDocument, outcomeLines, readOutcome } from '../sync-outcome.ts';
import { plural, printable, wrap } from '../view/format.ts';

const SHOWN_LEFT = 20;
const WIDTH = 100;

export const undoExpirationCommand: Command = {
  name: 'undo-expiration',
  summary: 'Put back what the expiration of a profile changed, once its plan is approved.',
  description: [
    'The classes that expired get back their names, ids and students, and belong to the profile again. Nothing is changed yet: a plan is made and waits; rollbook approve applies it, rollbook reject drops it.',
    'What changed after the expiration is left alone and named: what somebody edited by hand, and classes whose ids belong to classes of a later sync.',
  ],
  arguments: [{ name: 'profile', summary: 'Name or id of the profile.' }],
  options: {
    run: {
      type: 'string',
      value: '<id>',
      summary: 'The run of the expiration; without it the newest that still keeps classes.',
    },
  },
  shared: ['client', 'place', 'progress', 'output'],
  examples: [
    { line: 'rollbook undo-expiration contoso', summary: 'The classes ended too early: make the plan.' },
    {
      line: 'rollbook approve 01234567-89ab-7def-8123-456789abcdef',
      summary: 'Then apply it, by the id of the run that the command shows.',
    },
  ],
  exits: ['errors', 'unreachable'],
  run: (call) =>
    withConnection(call, { mayCreate: false }, async ({ client }) => {
      const profile = await requireProfile(client, call.argument('profile'));
      const wanted = call.option('run');
      const expirationRunId =
        wanted === undefined ? undefined : await resolveRunId(client, wanted, profile.id);
      const undo = `/api/v1/profiles/${encodeURIComponent(profile.id)}/undo-expiration`;
      const asked = await client.send({
        method: 'POST',
        path: undo,
        body: expirationRunId === undefined ? {} : { expirationRunId },
      });
      const run = await followRun(client, checked(runAnswer, asked, undo), call.view);
      if (run.state !== 'held') {
        const outcome = await readOutcome(client, profile, run, []);
        call.view.result({ document: outcomeDocument(outcome, {}), lines: outcomeLines(call, outcome) });
        return run.state === 'completed' ? 'ok' : outcome.exit;
      }
      const path = `/api/v1/runs/${encodeURIComponent(run.id)}/plan`;
      const plan = await client.get(path, planAnswer);
      const left = await client.list(
        `${path}/items?only=failed&$top=${SHOWN_LEFT + 1}`,
        planItemAnswer,
        SHOWN_LEFT + 1,
      );
      call.view.result({
        document: { ...plan, leftAlone: left.slice(0, SHOWN_LEFT) },
        lines: [
          ...wrap(printable(run.message ?? ''), WIDTH, ''),
          ...(left.length === 0 ? [] : ['', 'Left alone:']),
          ...left
            .slice(0, SHOWN_LEFT)
            .flatMap(({ kind, sourceId, failure }) =>
              wrap(`${kind} ${printable(sourceId ?? '')}: ${failure?.message ?? ''}`, WIDTH - 2, '  '),
            ),
          ...(left.length > SHOWN_LEFT ? ['  ... and more'] : []),
          '',
          `Nothing is changed yet. To see ${plural(plan.itemCount, 'change')} one by one:`,
          `  ${nextCommand(call, ['plan', profile.displayName, '--run', run.id, '--items'])}`,
          'To apply this plan, or to drop it:',
          `  ${nextCommand(call, ['approve', run.id])}`,
          `  ${nextCommand(call, ['reject', run.id])}`,
        ],
      });
      return 'ok';
    }),
};
