import type { ChannelDefinition } from '#core/notices/notice-channel.ts';
import type { NoticeEvent } from '#core/notices/notice-events.ts';
import { deliverDue } from '#engine/notices/deliver-notices.ts';
import { createChannel } from '#engine/notices/notice-channels.ts';
import type { NoticeContext, NoticePost } from '#engine/notices/notice-context.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { closeNotices, raiseNotice } from '#storage/notices/raise-notice.ts';

import { type MailServer, mailServer } from '../fakes/mail-server.ts';
import {
  type ScriptedAnswer,
  type ScriptedHttpServer,
  scriptedHttpServer,
} from '../fakes/scripted-http-server.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { noticeContext } from './notice-context.ts';
import { addSourceSystem } from './plan-and-apply.ts';

export interface ToldBody {
  readonly type: string;
  readonly data: {
    readonly tenantId: string;
    readonly notices: readonly { event: string; message: string | null; profile: { id: string } }[];
  };
}

export interface DeliveryRow {
  readonly state: string;
  readonly attempts: number;
  readonly message_id: string | null;
  readonly last_error: string | null;
  readonly due: boolean;
  /** From the last attempt to the next one. */
  readonly seconds: number;
}

export interface NoticeBench extends TestDatabase {
  readonly profileId: string;
  readonly receiver: ScriptedHttpServer;
  /** What the receiver answers from now on. */
  answer: ScriptedAnswer;
  context: NoticeContext;
  /** A webhook to the receiver, or what else is said. */
  channel(change?: Partial<ChannelDefinition>): Promise<{ id: string; secret: string }>;
  raise(reason: string, event?: NoticeEvent): Promise<boolean>;
  closeOpen(withErrors?: boolean): Promise<number>;
  sql<R>(text: string, ...values: unknown[]): Promise<R[]>;
  deliveries(): Promise<DeliveryRow[]>;
  /** As if the time of the next attempt had come, and the lease of a dead process were over. */
  skipTime(): Promise<void>;
  /** Everything that is due now. */
  deliver(by?: NoticeContext): Promise<void>;
  bodies(): ToldBody[];
  post(change: Partial<NoticePost>): void;
  mailServer: typeof mailServer;
}

/** Notices on a database of their own, with a receiver on the wire; nobody delivers by himself. */
export async function noticeBench(): Promise<NoticeBench> {
  const database = await testDatabase();
  const { db, tenantId } = database;
  const { profileId } = await addSourceSystem(db, tenantId);
  const mailServers: MailServer[] = [];
  const receiver = await scriptedHttpServer(() => bench.answer);
  const bench: NoticeBench = {
    ...database,
    profileId,
    receiver,
    answer: { status: 204 },
    context: noticeContext(db),
    async channel(change = {}) {
      const { channel, secret } = await createChannel(bench.context, tenantId, {
        kind: 'webhook',
        address: `${receiver.address}/hook?token=hidden`,
        events: [],
        digest: 'none',
        digestHour: 7,
        enabled: true,
        ...change,
      });
      return { id: channel.id, secret: secret ?? '' };
    },
    raise: (reason, event = 'held') =>
      inTenant(db, tenantId, (tx) =>
        raiseNotice(tx, {
          id: realSystem.newId(),
          profileId,
          runId: null,
          event,
          reasonKey: reason,
          payload: { message: reason },
        }),
      ),
    closeOpen: (withErrors = false) =>
      inTenant(db, tenantId, (tx) => closeNotices(tx, profileId, { withErrors })),
    sql: <R>(text: string, ...values: unknown[]) => inTenant(db, tenantId, (tx) => tx.query<R>(text, values)),
    deliveries: () =>
      bench.sql<DeliveryRow>(
        `select state, attempts, message_id, last_error, next_attempt_at <= now() as due,
                extract(epoch from next_attempt_at - last_attempt_at)::float8 as seconds from notice_delivery order by notice_id`,
      ),
    async skipTime() {
      await bench.sql(`update notice_delivery set next_attempt_at = now() where state = 'waiting'`);
      await bench.sql(
        `update notice_channel set lease_expires_at = now() where lease_expires_at is not null`,
      );
    },
    async deliver(by = bench.context) {
      while ((await deliverDue(by, new AbortController().signal)) > 0);
    },
    bodies: () => receiver.seen.map(({ body }) => JSON.parse(body.toString()) as ToldBody),
    post(change) {
      bench.context = noticeContext(db, change);
    },
    async mailServer(options) {
      const server = await mailServer(options);
      mailServers.push(server);
      return server;
    },
    async close() {
      for (const server of mailServers) await server.close();
      await receiver.close();
      await database.close();
    },
  };
  return bench;
}
