import { NOTICE_EVENTS } from './notice-events.ts';
import { cleanText, type Notice } from './notice.ts';
import type { Message } from './notice-json.ts';

export interface MailText {
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

const MAX_SUBJECT = 150;

/** A message as plain text. */
export function noticeMail(message: Message): MailText {
  return { subject: subjectOf(message).slice(0, MAX_SUBJECT), text: textOf(message) };
}

function subjectOf({ type, notices }: Message): string {
  if (type === 'test') return 'Rollbook: test';
  const [first] = notices;
  if (first !== undefined && notices.length === 1) return `Rollbook: ${headline(first)}`;
  return `Rollbook: ${notices.length} notices`;
}

function textOf({ type, notices, id }: Message): string {
  const parts =
    type === 'test'
      ? ['This is a test. Notices of Rollbook reach this address.']
      : notices.map((notice) => noticeText(notice));
  return [...parts, `-- \nSent by Rollbook, message ${id}`].join('\n\n') + '\n';
}

function noticeText(notice: Notice): string {
  const { message, reasons = [], counts = {} } = notice.payload;
  const lines = [
    headline(notice),
    ...(message === undefined ? [] : [cleanText(message)]),
    ...reasons
      .filter((reason) => reason.message !== message)
      .map(({ message: text, school }) => `- ${schoolPrefix(school)}${cleanText(text)}`),
    ...Object.entries(counts).map(([name, count]) => `- ${cleanText(name)}: ${count}`),
    `What to do: ${NOTICE_EVENTS[notice.event].remedy}`,
    `Since ${notice.createdAt.toISOString()}; profile ${notice.profileId}${notice.runId === null ? '' : `, run ${notice.runId}`}`,
  ];
  return lines.join('\n');
}

function schoolPrefix(school: { id: string; name?: string } | undefined): string {
  if (school === undefined) return '';
  return school.name === undefined
    ? `School ${cleanText(school.id)}: `
    : `${cleanText(school.name)} (${cleanText(school.id)}): `;
}

function headline(notice: Notice): string {
  return `${cleanText(notice.profileName)}: ${NOTICE_EVENTS[notice.event].title}`;
}
