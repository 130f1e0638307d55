import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { Issuer } from '#access/issuer.ts';
import type { SecretKey } from '#access/secret-key.ts';
import type { Settings } from '#core/settings.ts';
import type { Telemetry } from '#core/telemetry/telemetry.ts';
import { DEFAULT_UPLOAD_LIMITS, type UploadLimits } from '#core/upload/upload-limits.ts';
import type { EngineSettings } from '#engine/engine-context.ts';
import type { NoticeContext } from '#engine/notices/notice-context.ts';
import type { Runner } from '#engine/runner.ts';
import type { FileStore, StoreClaim } from '#files/file-store.ts';
import type { FileStoreOptions } from '#files/open-file-store.ts';
import { removeObjects } from '#files/remove-objects.ts';
import { messageOf } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import type { Tracing } from '#lib/tracing.ts';
import type { Database } from '#storage/database.ts';

export interface StartOptions {
  readonly log: Logger;
  readonly system: System;
  readonly version: string;
  /** Where traces go; it is closed with the service. */
  readonly tracing?: Tracing;
  /** Tests go faster with other ones. */
  readonly engine?: Partial<EngineSettings>;
  /** Seconds between two looks for notices to deliver. */
  readonly noticePollSeconds?: number;
  /** Goes by the clock of the database wherever processes compare times; a test that sets its own clock does not. */
  readonly followDatabaseTime?: boolean;
}

/** What the parts share. */
export interface Workshop {
  readonly settings: Settings;
  readonly options: StartOptions;
  readonly db: Database;
  readonly secretBox: SecretBox;
  readonly keys: readonly SecretKey[];
  readonly files: FileStore;
  readonly claim: StoreClaim;
  readonly fileStore: FileStoreOptions;
  readonly dataDir: string;
  readonly issuer: Issuer;
  readonly notices: NoticeContext;
  readonly telemetry: Telemetry;
}

/** What was asked for is committed when a worker is woken: that this fails is no failure of the request, and the sweep finds the run. */
export function waker(runner: Runner, log: Logger): (tenantId: string, runId: string) => Promise<void> {
  return (tenantId, runId) =>
    runner.wake(tenantId, runId).catch((error: unknown) => {
      log.warn({ runId, reason: messageOf(error) }, 'no worker could be woken; the next sweep finds the run');
    });
}

export function watchDirectoryOf({ watchDir }: Settings): string | undefined {
  return watchDir === undefined ? undefined : resolve(watchDir);
}

export function uploadLimitsOf(settings: Settings): UploadLimits {
  return {
    ...DEFAULT_UPLOAD_LIMITS,
    maxFileBytes: settings.uploadFileBytes,
    maxUploadBytes: settings.uploadBytes,
  };
}

export function bytesRemover({ files, options }: Workshop): (names: readonly string[]) => Promise<void> {
  return (names) =>
    removeObjects(files, names, (error) =>
      options.log.warn({ err: error }, 'upload bytes could not be removed'),
    );
}
