import type { Database } from '../database.ts';

export interface PoolState {
  readonly pool: 'app' | 'reader' | 'owner';
  readonly used: number;
  readonly idle: number;
  /** Who waits for a connection. */
  readonly waiting: number;
  readonly most: number;
}

/** The pools of this process, without asking the database. */
export function poolStates(db: Database): PoolState[] {
  return (['app', 'reader', 'owner'] as const).map((name) => {
    const { totalCount, idleCount, waitingCount, options } = db[name];
    return {
      pool: name,
      used: totalCount - idleCount,
      idle: idleCount,
      waiting: waitingCount,
      most: options.max,
    };
  });
}
