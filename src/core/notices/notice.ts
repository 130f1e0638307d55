import type { NoticeEvent } from './notice-events.ts';

/** One reason of a notice. Of a school id and name; never anything of a person. */
export interface NoticeReason {
  readonly code: string;
  readonly message: string;
  /** What the reason is about: a kind of records, or a file. Part of the reason's key. */
  readonly kind?: string;
  readonly file?: string;
  readonly school?: { readonly id: string; readonly name?: string };
}

/** What a notice says besides its event. No personal data: notices leave the house. */
export interface NoticePayload {
  /** One sentence. */
  readonly message?: string;
  readonly reasons?: readonly NoticeReason[];
  readonly counts?: Readonly<Record<string, number>>;
}

/** A notice as it is told. */
export interface Notice {
  readonly id: string;
  readonly profileId: string;
  readonly profileName: string;
  readonly runId: string | null;
  readonly event: NoticeEvent;
  readonly payload: NoticePayload;
  readonly createdAt: Date;
}

const MAX_REASONS = 50;
const MAX_TEXT = 500;

/** Bounded, and without characters that a mail or a terminal could take for more than text. */
export function cleanPayload(payload: NoticePayload): NoticePayload {
  return {
    ...(payload.message === undefined ? {} : { message: cleanText(payload.message) }),
    ...(payload.reasons === undefined
      ? {}
      : { reasons: payload.reasons.slice(0, MAX_REASONS).map(cleanReason) }),
    ...(payload.counts === undefined ? {} : { counts: payload.counts }),
  };
}

function cleanReason({ code, message, kind, file, school }: NoticeReason): NoticeReason {
  return {
    code: cleanText(code),
    message: cleanText(message),
    ...(kind === undefined ? {} : { kind: cleanText(kind) }),
    ...(file === undefined ? {} : { file: cleanText(file) }),
    ...(school === undefined
      ? {}
      : {
          school: {
            id: cleanText(school.id),
            ...(school.name === undefined ? {} : { name: cleanText(school.name) }),
          },
        }),
  };
}

/** One line of text: control and format characters become blanks. */
export function cleanText(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT);
}

/** What the same reason is known by: the code, and what it is about, in an order of its own. Numbers are left out: they change daily. */
export function reasonKeyOf(code: string, reasons: readonly NoticeReason[]): string {
  const parts = reasons.map(({ code: reason, kind, file, school }) =>
    [reason, kind, file, school?.id].filter((part) => part !== undefined).join(':'),
  );
  return [code, ...[...new Set(parts)].sort()].join(' ');
}
