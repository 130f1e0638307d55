import { refreshStatistics } from '#storage/directory/refresh-statistics.ts';

import type { EngineContext } from './engine-context.ts';

/** Plans with fewer items are applied quickly, however their records are looked up. */
export const STATISTICS_ITEMS = 500;

/** Has PostgreSQL look at the directory while much is written. Without that a run is slow, and right: so it is no reason to stop one. */
export async function refreshAfterLoad(context: EngineContext, runId: string): Promise<void> {
  await refreshStatistics(context.db).catch((error: unknown) => {
    context.log.warn({ runId, err: error }, 'statistics could not be refreshed');
  });
}
