import { fitMessage, type ToldMessage } from './fit-message.ts';
import { NOTICE_EVENTS } from './notice-events.ts';
import { cleanText, type Notice } from './notice.ts';
import type { Message } from './notice-json.ts';

export interface MailText {
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

const MAX_SUBJECT = 150;
const WHERE_THE_REST_IS = 'All of it: rollbook notices --json, or GET /api/v1/notices.';

/** A message as plain text. */
export function noticeMail(message: Message): MailText {
  return { subject: subjectOf(message).slice(0, MAX_SUBJECT), text: fitMessage(message, textOf) };
}

function subjectOf({ type, notices }: Message): string {
  if (type === 'test') return 'Rollbook: test';
  const [first] = notices;
  if (first !== undefined && notices.length === 1) return `Rollbook: ${headline(first)}`;
  return `Rollbook: ${notices.length} notices`;
}

function textOf({ type, notices, id, reasonsOfEach, noticesLeftOut }: ToldMessage): string {
  const parts =
    type === 'test'
      ? ['This is a test. Notices of Rollbook reach this address.']
      : notices.map((notice) => noticeText(notice, reasonsOfEach));
  if (noticesLeftOut > 0) parts.push(`And ${noticesLeftOut} more notices. ${WHERE_THE_REST_IS}`);
  return [...parts, `-- \nSent by Rollbook, message ${id}`].join('\n\n') + '\n';
}

function noticeText(notice: Notice, mostReasons: number): string {
  const { message, reasons = [], counts = {} } = notice.payload;
  const others = reasons.filter((reason) => reason.message !== message);
  const lines = [
    headline(notice),
    ...(message === undefined ? [] : [cleanText(message)]),
    ...others
      .slice(0, mostReasons)
      .map(({ message: text, school }) => `- ${schoolPrefix(school)}${cleanText(text)}`),
    ...(others.length > mostReasons
      ? [`- and ${others.length - mostReasons} more reasons. ${WHERE_THE_REST_IS}`]
      : []),
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
