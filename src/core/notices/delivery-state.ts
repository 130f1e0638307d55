/** The states of a delivery: one notice on its way to one channel. The last two are final. */
export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/**
 * taken: the receiver took the message. refused: it did not; there will be another attempt. gaveUp: it did not, and that
 * was the last attempt.
 */
export const DELIVERY_EVENTS = ['taken', 'refused', 'gaveUp'] as const;
export type DeliveryEvent = (typeof DELIVERY_EVENTS)[number];

/** The whole machine: every state, every event. docs/spec/notice-delivery-states.md shows it; a test compares the two. */
export const DELIVERY_TRANSITIONS: Readonly<
  Record<DeliveryState, Readonly<Record<DeliveryEvent, DeliveryState | 'refused'>>>
> = {
  waiting: { taken: 'delivered', refused: 'waiting', gaveUp: 'failed' },
  delivered: { taken: 'refused', refused: 'refused', gaveUp: 'refused' },
  failed: { taken: 'refused', refused: 'refused', gaveUp: 'refused' },
};

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds from one attempt to the next: after the last one, four days and a third in, a message is given up. */
export const DELIVERY_DELAYS_SECONDS: readonly number[] = [
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  DAY,
  DAY,
  DAY,
  DAY,
];

/** What came of an attempt. `permanent`: the receiver wants no more (410 Gone). */
export type AttemptOutcome =
  { readonly taken: true } | { readonly taken: false; readonly reason: string; readonly permanent?: true };

export interface DeliveryStep {
  readonly event: DeliveryEvent;
  readonly state: DeliveryState;
  /** Seconds until the next attempt; null when there is none. */
  readonly retryInSeconds: number | null;
}

/** Where an attempt takes a message that waits. `attempts`: with this one. */
export function stepDelivery(outcome: AttemptOutcome, attempts: number): DeliveryStep {
  const retryInSeconds =
    outcome.taken || outcome.permanent === true ? null : (DELIVERY_DELAYS_SECONDS[attempts - 1] ?? null);
  const event = outcome.taken ? 'taken' : retryInSeconds === null ? 'gaveUp' : 'refused';
  const next = DELIVERY_TRANSITIONS.waiting[event];
  return { event, state: next === 'refused' ? 'waiting' : next, retryInSeconds };
}
