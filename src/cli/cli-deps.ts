import type { Check } from '#core/doctor/check.ts';
import type { ResolvedSettings } from '#core/resolve-settings.ts';
import type { Settings } from '#core/settings.ts';
import type { System } from '#lib/system.ts';
import type { BackupReport, CopyProgress } from '#storage/backup.ts';
import type { RestoreReport } from '#storage/restore.ts';

/** A service that runs in this process. */
export interface StartedServer {
  /** Where it listens, http before https: `http://127.0.0.1:8080`. Empty for a worker. */
  readonly addresses: readonly string[];
  /** Ends it in order: requests are answered, runs stop at their next batch. */
  stop(): Promise<void>;
}

export interface CopyOptions {
  /** Replace what is there: the file of a backup, the database of a restore. */
  readonly force: boolean;
  readonly onProgress: (progress: CopyProgress) => void;
}

/** What the commands need from areas they may not import; src/main.ts injects it. */
export interface CliDeps {
  readonly system: System;
  readonly version: string;
  /** The folder of the package: `examples/` is in it. */
  readonly packageDir: string;
  startServer(this: void, resolved: ResolvedSettings): Promise<StartedServer>;
  /** Of the running database, or of one started for it. */
  backup(this: void, settings: Settings, file: string, options: CopyOptions): Promise<BackupReport>;
  /** What `doctor` looks at. */
  examine(this: void, settings: Settings): Promise<readonly Check[]>;
  restore(this: void, settings: Settings, file: string, options: CopyOptions): Promise<RestoreReport>;
}
