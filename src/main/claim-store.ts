import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { FileStore, StoreClaim } from '#files/file-store.ts';
import { OperationalError } from '#lib/errors.ts';

/** A storage that does not answer at all must not keep a start waiting for all its time limits. */
const PATIENCE_MS = 10_000;

/**
 * Takes the place for uploads at the start. Throws OperationalError `StorageOfAnother`. A storage that is away comes back: that is told in the
 * log, what needs it meanwhile is tried again, and housekeeping claims the place before it removes anything.
 */
export async function claimStore(files: FileStore, claim: StoreClaim, log: Logger): Promise<void> {
  const given = new AbortController();
  const claimed = files.claim(claim).catch((error: unknown) => {
    if (error instanceof OperationalError && error.code === 'StorageOfAnother') throw error;
    log.error({ err: error }, 'uploads cannot be stored yet');
  });
  const late = wait(PATIENCE_MS, 'late', { signal: given.signal, ref: false }).catch(() => undefined);
  const outcome = await Promise.race([claimed, late]);
  given.abort();
  if (outcome !== 'late') return;
  log.error('the storage of uploads does not answer yet');
  claimed.catch((error: unknown) => log.error({ err: error }, 'the place for uploads is not ours'));
}
