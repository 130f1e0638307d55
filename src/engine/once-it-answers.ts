import { transientFault } from '#core/run/transient.ts';
import { faultCodesOf } from '#storage/database-errors.ts';

import type { EngineContext } from './engine-context.ts';

/** The database is away, takes no connections or has no room: it is again what it was some time. A lost lease or a newer schema is not. */
const PASSES = new Set([
  'DatabaseUnavailable',
  'NetworkUnavailable',
  'DatabaseBusy',
  'DatabaseFull',
  'DiskFull',
]);
const PAUSE_MS = 1_000;

/**
 * Writes what a worker has to say of a run that it lets go: as soon as the database takes it. Until then nobody else can have the run either; and a worker that
 * lives, and left its lease to run out, would be taken for one that died. A shutdown does not wait for it.
 */
export async function onceItAnswers<T>(
  { system }: Pick<EngineContext, 'system'>,
  shutdown: AbortSignal,
  write: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const fault = transientFault(faultCodesOf(error));
      if (fault === null || !PASSES.has(fault.code) || shutdown.aborted) throw error;
      await system.sleep(PAUSE_MS, shutdown);
    }
  }
}
