import { lookup } from 'node:dns/promises';

import { readSmtpUrl } from '#core/notices/smtp-url.ts';
import type { Settings } from '#core/settings.ts';

import type { NoticePost } from './notice-context.ts';

export const NOTICE_TIMEOUT_MS = 10_000;

/** The post of this process, as the settings say. */
export function openNoticePost(
  settings: Pick<Settings, 'smtpUrl' | 'smtpFrom' | 'noticePrivateHosts'>,
): NoticePost {
  const server = settings.smtpUrl === undefined ? null : readSmtpUrl(settings.smtpUrl);
  const from = settings.smtpFrom;
  return {
    // As every program of this machine resolves names, /etc/hosts included.
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    privateHosts: settings.noticePrivateHosts?.split(',') ?? [],
    smtp: server === null || from === undefined ? null : { ...server, from },
    timeoutMs: NOTICE_TIMEOUT_MS,
  };
}
