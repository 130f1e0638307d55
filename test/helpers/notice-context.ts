import { openTelemetry } from '#core/telemetry/telemetry.ts';
import type { NoticeContext, NoticePost } from '#engine/notices/notice-context.ts';
import { realSystem } from '#lib/system.ts';
import type { Database } from '#storage/database.ts';

import { testSecretBox } from './secret-box.ts';

/** Sends to this machine by the name 127.0.0.1 alone, resolves no name, and has no mail server, unless told otherwise. */
export function noticeContext(db: Database, post: Partial<NoticePost> = {}): NoticeContext {
  const silent = (): void => undefined;
  return {
    db,
    system: realSystem,
    secretBox: testSecretBox,
    log: { info: silent, warn: silent, error: silent },
    telemetry: openTelemetry(),
    post: {
      resolve: () => Promise.reject(new Error('this test resolves no names')),
      privateHosts: ['127.0.0.1'],
      smtp: null,
      timeoutMs: 10_000,
      ...post,
    },
  };
}
