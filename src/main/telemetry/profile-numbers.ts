import { deriveProfileStatus, type ProfileStatus, type StatusFacts } from '#core/run/profile-status.ts';

/** What is counted of a profile. */
export interface ProfileNumbers {
  readonly status: ProfileStatus;
  readonly lastSynchronizationAt: Date | null;
}

export interface KeepingOptions {
  readonly nowMs: () => number;
  /** How long somebody who asks waits for a reading; it goes on behind. */
  readonly patienceMs: number;
}

/** So long they are kept at least. */
const KEPT_MS = 5_000;
/** Where there are many profiles reading them takes long; then it is done less often, so that it takes a hundredth of the time. */
const SHARE = 100;
/** A database that was slow once hides nothing for longer. */
const LONGEST_KEPT_MS = 300_000;
/** While they cannot be read anew. After that nobody knows them any more. */
const OLDEST_MS = 2 * LONGEST_KEPT_MS;

/** How long profiles are kept that took so long to be read. */
export function keptMs(readingMs: number): number {
  return Math.min(Math.max(KEPT_MS, readingMs * SHARE), LONGEST_KEPT_MS);
}

/**
 * Keeps what is known of all profiles, and reads it anew when its time is over. Of tens of thousands that takes seconds: whoever asks gets the numbers
 * of before, at most ten minutes old, instead of waiting. Null: there are none.
 */
export function keepProfiles(
  read: () => Promise<readonly StatusFacts[]>,
  { nowMs, patienceMs }: KeepingOptions,
): () => Promise<readonly ProfileNumbers[] | null> {
  let known: readonly ProfileNumbers[] | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let keptUntilMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const readAnew = async (): Promise<void> => {
    const startedMs = nowMs();
    const facts = await read();
    known = facts.map((one) => ({
      status: deriveProfileStatus(one).status,
      lastSynchronizationAt: one.lastSynchronizationAt,
    }));
    readAtMs = nowMs();
    keptUntilMs = readAtMs + keptMs(readAtMs - startedMs);
  };
  return async () => {
    if (nowMs() >= keptUntilMs) {
      // Where it fails, so does what is read beside it, or the next one says so.
      reading ??= readAnew()
        .catch(() => undefined)
        .finally(() => {
          reading = null;
        });
      await within(patienceMs, reading);
    }
    return nowMs() - readAtMs > OLDEST_MS ? null : known;
  };
}

/** What comes of it; undefined: it takes longer. */
export async function within<T>(patienceMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
