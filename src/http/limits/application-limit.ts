import { TooManyRequestsError } from '#access/access-errors.ts';
import type { Caller } from '#core/permissions.ts';
import type { System } from '#lib/system.ts';

/** How much one application of a tenant may ask for. People behind an application are not told apart. */
export interface ApplicationLimit {
  /** Counts a request. Errors: TooManyRequestsError, with the seconds until one is taken again. */
  take(this: void, caller: Pick<Caller, 'tenantId' | 'applicationId'>): void;
}

interface Bucket {
  /** Requests that are left. */
  tokens: number;
  /** When that was counted, in milliseconds. */
  at: number;
}

export const WINDOW_SECONDS = 10;
const MOST_APPLICATIONS = 20_000;

/**
 * A bucket per application: full it holds `requests`, and it fills up evenly within ten seconds. Of this process alone: three
 * processes together take three times as much.
 */
export function applicationLimit(
  system: Pick<System, 'now'>,
  requests: number,
  mostApplications = MOST_APPLICATIONS,
): ApplicationLimit {
  /** Those that asked last stand at the end. */
  const buckets = new Map<string, Bucket>();
  const perMs = requests / (WINDOW_SECONDS * 1_000);

  const bucketOf = (key: string, now: number): Bucket => {
    const known = buckets.get(key);
    buckets.delete(key);
    const bucket = known ?? { tokens: requests, at: now };
    buckets.set(key, bucket);
    // Whoever has been away the longest is forgotten; it comes back with a full bucket.
    const [oldest] = buckets.keys();
    if (buckets.size > mostApplications && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  };

  return {
    take({ tenantId, applicationId }) {
      const now = system.now().getTime();
      const bucket = bucketOf(`${tenantId} ${applicationId}`, now);
      // A clock that was set back fills nothing.
      const passedMs = Math.max(0, now - bucket.at);
      bucket.tokens = Math.min(requests, bucket.tokens + passedMs * perMs);
      bucket.at = now;
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return;
      }
      const waitSeconds = Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1_000));
      throw new TooManyRequestsError(
        `This application has sent more than ${requests} requests in ${WINDOW_SECONDS} seconds. Try again in ${waitSeconds} s.`,
        waitSeconds,
      );
    },
  };
}
