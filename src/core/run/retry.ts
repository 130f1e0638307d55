/** When a broken run is tried again. In quarantine: once a day (docs/spec/status.md); before: sooner, with growing distance. */
export interface RetryPolicy {
  readonly firstDelaySeconds: number;
  readonly maximumDelaySeconds: number;
  readonly quarantineDelaySeconds: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  firstDelaySeconds: 30,
  maximumDelaySeconds: 15 * 60,
  quarantineDelaySeconds: 24 * 60 * 60,
};

/** Breaks in a row that put a profile into quarantine (docs/spec/status.md). */
export const QUARANTINE_AFTER = 5;

/** Seconds until the next attempt, after `brokenRuns` breaks in a row. */
export function retryDelaySeconds(policy: RetryPolicy, brokenRuns: number, quarantined: boolean): number {
  if (quarantined) return policy.quarantineDelaySeconds;
  return Math.min(policy.maximumDelaySeconds, policy.firstDelaySeconds * 2 ** Math.max(0, brokenRuns - 1));
}
