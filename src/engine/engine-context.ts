import type { RetryPolicy } from '#core/run/retry.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import type { SecretKey } from '#access/secret-key.ts';
import type { FileStoreOptions } from '#files/open-file-store.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { FINDING_LIMITS, type FindingLimits } from '#sources/finding-collector.ts';
import { DEFAULT_ZIP_LIMITS, type ZipLimits } from '#sources/zip/zip-entry.ts';
import type { Database } from '#storage/database.ts';

/** Where the engine says what happens. Never a value of somebody's data. */
export interface EngineLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

export interface EngineSettings {
  /** A worker that does not renew its lease for that long is taken for dead. */
  readonly leaseSeconds: number;
  /** Plan items of one batch transaction. */
  readonly batchItems: number;
  readonly retry: RetryPolicy;
  /** Between two looks for records in escrow that are due. */
  readonly retrySweepSeconds: number;
  /** What a zip may unpack to. */
  readonly zipLimits: ZipLimits;
  /** Threads of a run that look at rows of large files beforehand. */
  readonly readThreads: number;
  /** How many findings of a run are kept. */
  readonly findingLimits: FindingLimits;
}

export const DEFAULT_ENGINE_SETTINGS: Omit<EngineSettings, 'retry'> = {
  leaseSeconds: 30,
  batchItems: 20_000,
  retrySweepSeconds: 60,
  zipLimits: DEFAULT_ZIP_LIMITS,
  readThreads: 0,
  findingLimits: FINDING_LIMITS,
};

/** What every stage of a run needs. */
export interface EngineContext {
  readonly db: Database;
  readonly system: System;
  readonly secretBox: SecretBox;
  /** The keys behind secretBox, for the thread that stages: classes and closures do not travel there. */
  readonly secretKeys: readonly SecretKey[];
  readonly log: EngineLog;
  readonly telemetry: Telemetry;
  readonly settings: EngineSettings;
  /** Where the encrypted upload files are (files/); it may hold secrets. */
  readonly fileStore: FileStoreOptions;
  /** Folder of the snapshots (sources/snapshot). */
  readonly snapshotsDirectory: string;
  /** Names this process in leases and events. */
  readonly worker: string;
  /** Wakes a worker for a run, now or when it is due. Losing a wake-up is harmless: the sweep finds the run. */
  wake(this: void, tenantId: string, runId: string, delaySeconds?: number): Promise<void>;
}
