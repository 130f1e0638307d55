import { messageOf } from '#lib/errors.ts';
import type { System } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';
import { readSchemaStanding, type SchemaStanding } from '#storage/schema-standing.ts';

const LOOK_MS = 2_000;
const STOP_MS = 1_000;

export interface SchemaWatch {
  /** As the last look found it. */
  now(): SchemaStanding;
  stop(): Promise<void>;
}

/**
 * Looks every two seconds whether a newer Rollbook has migrated the database, and says so once. This is for people and for an orderly end:
 * what must not be written is refused in the database (require_schema).
 */
export async function watchSchema(
  context: {
    readonly db: Database;
    readonly system: System;
    readonly log: { warn(fields: object, message: string): void };
  },
  onChange: (standing: SchemaStanding) => Promise<void>,
): Promise<SchemaWatch> {
  const { db, system, log } = context;
  const stopping = new AbortController();
  let latest: SchemaStanding = { newest: '', standing: 'current' };
  const look = async (): Promise<void> => {
    const found = await readSchemaStanding(db);
    if (stopping.signal.aborted) return;
    const before = latest.standing;
    latest = found;
    if (found.standing === before) return;
    log.warn({ newest: found.newest }, sayStanding(found));
    await onChange(found);
  };
  // It may have migrated while this process started.
  await look();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await system.sleep(LOOK_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) => {
        if (stopping.signal.aborted) return;
        log.warn({ reason: messageOf(error) }, 'the version of the schema could not be read');
      });
    }
  })();
  return {
    now: () => latest,
    async stop() {
      stopping.abort();
      // A look at a database that has vanished ends with its connection, which may take minutes, and does nothing then.
      const ended = new AbortController();
      await Promise.race([looking.finally(() => ended.abort()), system.sleep(STOP_MS, ended.signal)]);
    },
  };
}

/** For the log and for /readyz. */
export function sayStanding({ newest, standing }: SchemaStanding): string {
  switch (standing) {
    case 'current':
      return 'The database has the schema of this version.';
    case 'ahead':
      return `A newer version of Rollbook has migrated the database (${newest}). This process answers requests and executes no runs any more: replace it.`;
    case 'outdated':
      return `A newer version of Rollbook has migrated the database (${newest}), and this version must not write into it. Replace this process.`;
  }
}
