import type { NoticeEvent } from './notice-events.ts';

export const CHANNEL_KINDS = ['webhook', 'email'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** daily: one message a day, at `digestHour`. */
export const DIGESTS = ['none', 'daily'] as const;
export type Digest = (typeof DIGESTS)[number];

export const DEFAULT_DIGEST_HOUR = 7;
export const MAX_CHANNELS = 20;
/** Messages of one channel in any hour; what is above is joined into one message. */
export const MAX_MESSAGES_PER_HOUR = 30;
/** Notices that one message holds. */
export const MAX_NOTICES_PER_MESSAGE = 200;

/** What of a channel its owner decides. */
export interface ChannelDefinition {
  readonly kind: ChannelKind;
  readonly address: string;
  /** Empty: all events, those of later versions too. */
  readonly events: readonly NoticeEvent[];
  readonly digest: Digest;
  /** 0 to 23, in the time zone of the tenant. */
  readonly digestHour: number;
  readonly enabled: boolean;
}
