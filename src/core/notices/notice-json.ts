import { fitMessage } from './fit-message.ts';
import { NOTICE_EVENTS } from './notice-events.ts';
import type { Notice } from './notice.ts';

/** A notice as the API and webhooks write it. */
export interface NoticeJson {
  readonly id: string;
  readonly event: string;
  readonly title: string;
  readonly whatToDo: string;
  readonly profile: { readonly id: string; readonly displayName: string };
  readonly runId: string | null;
  readonly message: string | null;
  readonly reasons: readonly unknown[];
  readonly counts: Readonly<Record<string, number>>;
  readonly createdDateTime: string;
}

export function noticeJson(notice: Notice): NoticeJson {
  const { title, remedy } = NOTICE_EVENTS[notice.event];
  return {
    id: notice.id,
    event: notice.event,
    title,
    whatToDo: remedy,
    profile: { id: notice.profileId, displayName: notice.profileName },
    runId: notice.runId,
    message: notice.payload.message ?? null,
    reasons: notice.payload.reasons ?? [],
    counts: notice.payload.counts ?? {},
    createdDateTime: notice.createdAt.toISOString(),
  };
}

/** notice: one, at once. digest: what came together, at the hour of the digest or above the limit of an hour. test: asked for by somebody. */
export type MessageType = 'notice' | 'digest' | 'test';

/** What is sent: the same for every attempt. */
export interface Message {
  readonly id: string;
  readonly type: MessageType;
  readonly tenantId: string;
  /** The oldest first. */
  readonly notices: readonly Notice[];
  /** When the newest of them was raised. */
  readonly at: Date;
}

/** The body of a webhook. What does not fit is counted (`reasonsLeftOut`, `noticesLeftOut`). */
export function webhookBody(message: Message): string {
  return fitMessage(message, ({ type, at, tenantId, notices, reasonsOfEach, noticesLeftOut }) =>
    JSON.stringify({
      type,
      timestamp: at.toISOString(),
      data: {
        tenantId,
        notices: notices.map((notice) => withFewReasons(noticeJson(notice), reasonsOfEach)),
        ...(noticesLeftOut === 0 ? {} : { noticesLeftOut }),
      },
    }),
  );
}

function withFewReasons(notice: NoticeJson, most: number): NoticeJson & { reasonsLeftOut?: number } {
  const { reasons } = notice;
  if (reasons.length <= most) return notice;
  return { ...notice, reasons: reasons.slice(0, most), reasonsLeftOut: reasons.length - most };
}
