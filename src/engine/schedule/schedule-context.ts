import type { UploadLimits } from '#core/upload/upload-limits.ts';
import type { FileStore } from '#files/file-store.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';

import type { EngineLog } from '../engine-context.ts';

/** What the scheduler needs. `main` wires it. */
export interface ScheduleContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  readonly files: FileStore;
  readonly log: EngineLog;
  /** WATCH_DIR; undefined: no folder is watched. */
  readonly watchDirectory: string | undefined;
  /** UPLOAD_QUIET_SECONDS: so long nothing may change before files count as complete. */
  readonly uploadQuietSeconds: number;
  readonly uploadLimits: UploadLimits;
  /** Seconds between two turns of a profile in quarantine. */
  readonly quarantineDelaySeconds: number;
  /** Wakes a worker for a run, after the commit. Losing it is harmless. */
  wakeRun(this: void, tenantId: string, runId: string): Promise<void>;
  /** Removes upload objects that a committed transaction has let go. */
  removeObjects(this: void, objectNames: readonly string[]): Promise<void>;
}

/** The actor of what Rollbook does on its own. */
export const SCHEDULER = 'rollbook';
