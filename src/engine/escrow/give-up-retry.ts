import type { RunState } from '#core/run/run-state.ts';
import type { StageStop } from '#core/validate/judge-stage.ts';
import type { Tx } from '#storage/database.ts';
import { postponeDueEscrow } from '#storage/escrow/keep-escrowed-items.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';
import { transitionRun } from '#storage/runs/transition-run.ts';

import type { EngineContext } from '../engine-context.ts';
import type { RunScope } from '../run-scope.ts';
import { reportDropped } from './report-dropped.ts';

/**
 * The files of a retry passed before and do not pass now: the settings of the profile have changed since. Nobody asked for this run,
 * so nobody is asked about it: it ends, and what was due is due again a day later. The next upload says what is wrong.
 */
export async function giveUpRetry(
  tx: Tx,
  context: EngineContext,
  { run }: RunScope,
  stop: StageStop,
): Promise<RunState> {
  // The row of the profile first, then its runs.
  await lockQuarantineState(tx, run.profileId);
  const dropped = await postponeDueEscrow(tx, run.id);
  await reportDropped(tx, context, { profileId: run.profileId, dropped });
  const message = `Given up, since the files of before do not pass any more: ${stop.message}.`;
  return transitionRun(tx, {
    runId: run.id,
    epoch: run.epoch,
    from: 'staging',
    event: 'cancel',
    actor: context.worker,
    eventId: context.system.newId(),
    detail: stop,
    changes: { staged: true, release: true, finished: true, errorCode: stop.code, message },
  });
}
