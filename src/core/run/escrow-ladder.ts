/**
 * Escrow: a record that could not be written is tried again with growing distance, between uploads too, and dropped in the
 * end (docs/spec/quarantine.md). The clock is the database's: storage takes these numbers and adds them to its own now.
 */

/** Hours from the first, second, third attempt to the next one; then always the last. */
export const ESCROW_LADDER_HOURS: readonly number[] = [6, 12, 24];

/** So many days after its first failure a record has its last attempt. */
export const ESCROW_DAYS = 28;

/** Hours until the next attempt, after that many failed ones. */
export function hoursToNextAttempt(attempts: number): number {
  const step = Math.min(Math.max(attempts, 1), ESCROW_LADDER_HOURS.length);
  return ESCROW_LADDER_HOURS[step - 1] ?? 24;
}

/** When a record that failed just now is tried next; null: it is dropped. The last attempt is never later than the 28th day. */
export function nextAttemptAt(attempts: number, firstAt: Date, now: Date): Date | null {
  const lastMs = firstAt.getTime() + ESCROW_DAYS * 86_400_000;
  if (now.getTime() >= lastMs) return null;
  return new Date(Math.min(lastMs, now.getTime() + hoursToNextAttempt(attempts) * 3_600_000));
}
