import { messageOf } from '#lib/errors.ts';
import { shiftedSystem, type System } from '#lib/system.ts';
import { readDatabaseClock } from '#storage/database-clock.ts';
import type { Database } from '#storage/database.ts';

const LOOK_MS = 60_000;
/** What a network and a clock that is kept right may differ by: the machine's own clock is good enough then. */
const NEGLIGIBLE_MS = 2_000;

/**
 * The system by the time of the database. Leases are judged in SQL and need no clock here; tokens, signatures of upload URLs and the like
 * are made by one process and judged by another, so all must go by one clock. A machine whose clock is wrong is told of in the log.
 */
export async function followDatabaseTime(
  system: System,
  db: Database,
  log: { warn(fields: object, message: string): void },
): Promise<{ readonly system: System; stop(): Promise<void> }> {
  const stopping = new AbortController();
  let offsetMs = 0;
  const look = async (): Promise<void> => {
    const beforeMs = system.now().getTime();
    const databaseMs = await readDatabaseClock(db);
    const afterMs = system.now().getTime();
    const found = databaseMs - (beforeMs + afterMs) / 2;
    // A slow answer says nothing about the clock.
    const doubt = NEGLIGIBLE_MS + (afterMs - beforeMs) / 2;
    const next = Math.abs(found) <= doubt ? 0 : Math.round(found);
    if (Math.abs(next - offsetMs) > NEGLIGIBLE_MS) {
      const seconds = Math.round(next / 1_000);
      log.warn({ seconds }, 'the clock of this machine is not that of the database, which is followed');
    }
    offsetMs = next;
  };
  await look();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await system.sleep(LOOK_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) =>
        log.warn({ reason: messageOf(error) }, 'the clock of the database could not be read'),
      );
    }
  })();
  return {
    system: shiftedSystem(system, () => offsetMs),
    async stop() {
      stopping.abort();
      await looking;
    },
  };
}
