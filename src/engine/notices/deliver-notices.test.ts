/** Delivery against a real database and receivers on the wire: what a receiver gets, and what becomes of what it does not take. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';

import { DELIVERY_STATES } from '#core/notices/delivery-state.ts';
import { CHANNEL_KINDS, DIGESTS } from '#core/notices/notice-channel.ts';
import { NOTICE_EVENT_NAMES } from '#core/notices/notice-events.ts';
import { realSystem } from '#lib/system.ts';
import { noticeContext } from '#test/helpers/notice-context.ts';
import { type NoticeBench, noticeBench } from '#test/helpers/notice-bench.ts';

import { deliverDue, startNoticeDelivery } from './deliver-notices.ts';
import { changeChannel, removeChannel, rotateSecret, testChannel } from './notice-channels.ts';

let t: NoticeBench;
beforeEach(async () => {
  t = await noticeBench();
});
afterEach(() => t.close());

test('a notice reaches a webhook once, signed as Standard Webhooks are', async () => {
  const { secret } = await t.channel();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(await t.raise('VerdictHeld'), true);
  assert.equal(await t.raise('VerdictHeld'), false, 'the same reason is told once while it is open');
  await t.deliver();
  assert.equal(t.receiver.seen.length, 1);
  const [seen] = t.receiver.seen;
  assert.ok(seen);
  assert.equal(seen.method, 'POST');
  assert.equal(seen.headers['content-type'], 'application/json');
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = seen.headers;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${String(id)}.${String(at)}.${seen.body.toString()}`);
  assert.equal(signature, `v1,${expected.digest('base64')}`);
  assert.ok(Math.abs(Number(at) - Date.now() / 1_000) < 60);
  const [body] = t.bodies();
  assert.equal(body?.type, 'notice');
  assert.equal(body.data.tenantId, t.tenantId);
  assert.partialDeepStrictEqual(body.data.notices, [
    {
      event: 'held',
      title: 'a sync waits for a decision',
      message: 'VerdictHeld',
      profile: { id: t.profileId },
    },
  ]);
  const [delivery] = await t.deliveries();
  assert.deepEqual([delivery?.state, delivery?.attempts, delivery?.message_id], ['delivered', 1, id]);
  await t.skipTime();
  await t.deliver();
  assert.equal(t.receiver.seen.length, 1);
});

test('a reason that was closed is told again; another event and another reason are told by themselves', async () => {
  await t.channel({ events: ['held'] });
  await t.raise('a');
  await t.raise('b');
  await t.raise('a', 'quarantined');
  assert.equal(await t.closeOpen(), 3);
  await t.raise('a');
  await t.deliver();
  const told = t.bodies().flatMap(({ data }) => data.notices.map(({ event, message }) => [event, message]));
  assert.deepEqual(told, [
    ['held', 'a'],
    ['held', 'b'],
    ['held', 'a'],
  ]);
});

test('a record that was given up stays told while other records are still missing', async () => {
  await t.raise('r1', 'recordDropped');
  await t.raise('x', 'held');
  assert.equal(await t.closeOpen(true), 1);
  assert.equal(await t.raise('r1', 'recordDropped'), false);
  assert.equal(await t.closeOpen(false), 1);
});

test('500 for a while, then 200: tried again with growing distance, the same id and the same body', async () => {
  await t.channel();
  await t.raise('VerdictHeld');
  t.answer = { status: 500, body: 'Stack trace with a secret' };
  const distances: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    await t.deliver();
    const [row] = await t.deliveries();
    distances.push(row?.seconds ?? 0);
    assert.equal(row?.last_error, 'the receiver answered 500');
    await t.skipTime();
  }
  // From the end of the attempt on, however long that took.
  const least = [60, 300, 1_800];
  assert.ok(
    distances.every((seconds, index) => seconds >= (least[index] ?? 0) && seconds < 2 * (least[index] ?? 0)),
    distances.join(),
  );
  t.answer = { status: 200 };
  await t.deliver();
  assert.deepEqual(
    (await t.deliveries()).map(({ state, attempts, last_error }) => [state, attempts, last_error]),
    [['delivered', 4, null]],
  );
  assert.equal(new Set(t.receiver.seen.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.equal(new Set(t.receiver.seen.map(({ body }) => body.toString())).size, 1);
});

test('after the last attempt a delivery has failed, for everybody to see; 410 ends it at once', async () => {
  await t.channel();
  await t.raise('VerdictHeld');
  t.answer = { status: 503 };
  for (let attempt = 0; attempt < 12; attempt++) {
    await t.deliver();
    await t.skipTime();
  }
  assert.equal(t.receiver.seen.length, 10);
  assert.deepEqual(
    (await t.deliveries()).map(({ state, attempts }) => [state, attempts]),
    [['failed', 10]],
  );
  t.answer = { status: 410 };
  await t.raise('other');
  await t.deliver();
  assert.deepEqual(
    (await t.deliveries()).map(({ state }) => state),
    ['failed', 'failed'],
  );
});

test('several processes deliver once', async () => {
  await t.channel();
  await t.channel({ address: `${t.receiver.address}/second` });
  for (let n = 0; n < 5; n++) await t.raise(`reason ${n}`);
  await Promise.all(Array.from({ length: 4 }, () => t.deliver(noticeContext(t.db))));
  await t.deliver();
  assert.equal(t.receiver.seen.length, 10);
  assert.ok((await t.deliveries()).every(({ state, attempts }) => state === 'delivered' && attempts === 1));
});

test('a process that dies in the middle of an attempt: another one repeats it under the same id when the lease is over', async () => {
  t.post({ timeoutMs: 60_000 });
  await t.channel();
  await t.raise('VerdictHeld');
  t.answer = 'hang';
  const dying = noticeContext(t.db, { timeoutMs: 60_000 });
  const gone = new AbortController();
  const attempt = deliverDue({ ...dying, db: t.db }, gone.signal);
  while (t.receiver.seen.length === 0) await realSystem.sleep(5);
  t.answer = { status: 200 };
  await t.deliver();
  assert.equal(t.receiver.seen.length, 1, 'the lease keeps others away');
  await t.skipTime();
  await t.deliver();
  assert.equal(t.receiver.seen.length, 2);
  assert.equal(t.receiver.seen[0]?.headers['webhook-id'], t.receiver.seen[1]?.headers['webhook-id']);
  gone.abort();
  await attempt;
  assert.deepEqual(
    (await t.deliveries()).map(({ state }) => state),
    ['delivered'],
    'who lost the lease stores nothing',
  );
});

test('a stop in the middle of an attempt is quick, and the next start tries again at once', async () => {
  t.post({ timeoutMs: 60_000 });
  await t.channel();
  await t.raise('VerdictHeld');
  t.answer = 'hang';
  const delivery = startNoticeDelivery(t.context, { pollSeconds: 0.05 });
  while (t.receiver.seen.length === 0) await realSystem.sleep(5);
  await delivery.stop();
  t.answer = { status: 200 };
  const [row] = await t.deliveries();
  assert.deepEqual([row?.state, row?.due], ['waiting', true]);
  await t.deliver();
  assert.equal((await t.deliveries())[0]?.state, 'delivered');
});

test('thirty messages an hour; the rest comes as one', async () => {
  await t.channel();
  for (let n = 0; n < 45; n++) await t.raise(`reason ${n}`);
  await t.deliver();
  assert.equal(t.receiver.seen.length, 30);
  await t.deliver();
  assert.equal(t.receiver.seen.length, 30, 'the rest waits');
  await t.raise('one more');
  await t.deliver();
  assert.equal(t.receiver.seen.length, 30);
  await t.sql(
    `update notice_channel set recent_attempts = array(select at - interval '61 minutes' from unnest(recent_attempts) as at)`,
  );
  await t.skipTime();
  await t.deliver();
  assert.equal(t.receiver.seen.length, 31);
  const last = t.bodies().at(-1);
  assert.equal(last?.type, 'digest');
  assert.equal(last.data.notices.length, 16);
});

test('above the limit of an hour, what was tried stays the message that it was, and goes before the rest', async () => {
  await t.channel();
  await t.raise('tried');
  t.answer = { status: 500 };
  await t.deliver();
  await t.sql('update notice_channel set recent_attempts = array_fill(now(), array[30])');
  await t.raise('a');
  await t.raise('b');
  await t.skipTime();
  await t.deliver();
  assert.equal(t.receiver.seen.length, 1, 'all wait for the hour');
  t.answer = { status: 200 };
  await t.sql(`update notice_channel set recent_attempts = '{}'`);
  await t.sql(
    `update notice_delivery set next_attempt_at = now() - case when message_id is null then interval '1 hour' else '1 minute' end`,
  );
  await t.deliver();
  assert.deepEqual(
    t.bodies().map(({ type, data }) => [type, ...data.notices.map(({ message }) => message)]),
    [
      ['notice', 'tried'],
      ['notice', 'tried'],
      ['digest', 'a', 'b'],
    ],
  );
  const [first, again] = t.receiver.seen.map(({ headers }) => headers['webhook-id']);
  assert.equal(again, first);
});

test('a daily digest: one message at its hour in the time zone of the tenant, and none when there was nothing', async () => {
  const [clock] = await t.sql<{ hour: number }>(
    `select extract(hour from now() at time zone 'Europe/Berlin')::int as hour`,
  );
  const hour = ((clock?.hour ?? 0) + 2) % 24;
  const { id } = await t.channel({ digest: 'daily', digestHour: hour });
  await t.raise('a');
  await t.raise('b');
  await t.raise('c', 'quarantined');
  await t.deliver();
  assert.equal(t.receiver.seen.length, 0, 'it is not the hour yet');
  const due = await t.sql<{ hour: number; ahead: boolean }>(
    `select distinct extract(hour from next_attempt_at at time zone 'Europe/Berlin')::int as hour,
            next_attempt_at between now() + interval '1 hour' and now() + interval '2 hours' as ahead from notice_delivery`,
  );
  assert.deepEqual(due, [{ hour, ahead: true }]);
  await t.skipTime();
  await t.deliver();
  assert.deepEqual(
    t.bodies().map(({ type, data }) => [type, data.notices.length]),
    [['digest', 3]],
  );
  await t.skipTime();
  await t.deliver();
  assert.equal(t.receiver.seen.length, 1, 'nothing new, no message');
  await t.raise('d');
  await changeChannel(t.context, t.tenantId, id, { digest: 'none' });
  await t.deliver();
  assert.deepEqual(
    t.bodies().map(({ type }) => type),
    ['digest', 'notice'],
    'without digest it goes at once',
  );
});

test('what comes when the hour of the digest has struck waits for that of the next day', async () => {
  const [clock] = await t.sql<{ hour: number }>(
    `select extract(hour from now() at time zone 'Europe/Berlin')::int as hour`,
  );
  await t.channel({ digest: 'daily', digestHour: clock?.hour ?? 0 });
  await t.raise('a');
  assert.deepEqual(
    await t.sql(`select next_attempt_at > now() + interval '20 hours' as tomorrow from notice_delivery`),
    [{ tomorrow: true }],
  );
});

test('a digest of more notices than a message holds comes in several', async () => {
  await t.channel({ digest: 'daily' });
  for (let n = 0; n < 201; n += 1) await t.raise(`reason ${n}`);
  await t.skipTime();
  await t.deliver();
  assert.deepEqual(
    t.bodies().map(({ type, data }) => [type, data.notices.length]),
    [
      ['digest', 200],
      ['digest', 1],
    ],
  );
});

test('a channel that is changed: what was tried waits for its next attempt, which goes to the new address', async () => {
  const { id } = await t.channel();
  await t.raise('VerdictHeld');
  t.answer = { status: 500 };
  await t.deliver();
  t.answer = { status: 200 };
  await changeChannel(t.context, t.tenantId, id, { address: `${t.receiver.address}/new`, digest: 'daily' });
  await t.deliver();
  const [row] = await t.deliveries();
  assert.deepEqual([row?.state, row?.attempts, row?.due], ['waiting', 1, false]);
  assert.ok(row !== undefined && row.seconds < 120, 'it does not wait for the hour of the digest');
  await t.skipTime();
  await t.deliver();
  assert.deepEqual(
    t.receiver.seen.map(({ url }) => url),
    ['/hook?token=hidden', '/new'],
  );
  assert.equal(t.bodies().at(-1)?.type, 'notice');
});

test('a channel that is removed takes what waits with it; one that is disabled keeps it', async () => {
  const removed = await t.channel();
  const disabled = await t.channel();
  await t.raise('a');
  await removeChannel(t.context, t.tenantId, removed.id);
  await changeChannel(t.context, t.tenantId, disabled.id, { enabled: false });
  await t.raise('b');
  await t.deliver();
  assert.equal(t.receiver.seen.length, 0);
  await changeChannel(t.context, t.tenantId, disabled.id, { enabled: true });
  await t.deliver();
  assert.deepEqual(
    t.bodies().map(({ data }) => data.notices[0]?.message),
    ['a'],
    'b was raised while it was disabled',
  );
});

test('a channel that is removed during an attempt: the attempt ends, nothing is left', async () => {
  t.post({ timeoutMs: 300 });
  const { id } = await t.channel();
  await t.raise('a');
  t.answer = 'hang';
  const attempt = t.deliver();
  while (t.receiver.seen.length === 0) await realSystem.sleep(5);
  await removeChannel(t.context, t.tenantId, id);
  await attempt;
  assert.deepEqual(await t.deliveries(), []);
});

test('a secret that is replaced signs beside the new one for a day', async () => {
  const { id, secret: old } = await t.channel();
  const { secret } = await rotateSecret(t.context, t.tenantId, id);
  assert.notEqual(secret, old);
  const signatures = (): string[] => String(t.receiver.seen.at(-1)?.headers['webhook-signature']).split(' ');
  const signedBy = (key: string): string => {
    const seen = t.receiver.seen.at(-1);
    const content = `${String(seen?.headers['webhook-id'])}.${String(seen?.headers['webhook-timestamp'])}.${String(seen?.body)}`;
    return `v1,${createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
      .update(content)
      .digest('base64')}`;
  };
  await testChannel(t.context, t.tenantId, id);
  assert.deepEqual(signatures(), [signedBy(secret), signedBy(old)]);
  await t.sql(`update notice_channel set previous_secret_until = now() - interval '1 second'`);
  await testChannel(t.context, t.tenantId, id);
  assert.deepEqual(signatures(), [signedBy(secret)]);
});

test('the test of a channel is limited as everything else is', async () => {
  const { id } = await t.channel();
  for (let n = 0; n < 30; n++) assert.equal((await testChannel(t.context, t.tenantId, id)).delivered, true);
  await assert.rejects(testChannel(t.context, t.tenantId, id), { code: 'TooManyRequests' });
});

test('states, events, kinds and digests are those that the database takes', async () => {
  const rows = await t.sql<{ name: string; text: string }>(
    `select conname as name, pg_get_constraintdef(oid) as text from pg_constraint where conname like 'notice%known'`,
  );
  const allowed = (name: string): string[] =>
    [...(rows.find((row) => row.name === name)?.text ?? '').matchAll(/'(\w+)'/gu)].map(
      ([, word = '']) => word,
    );
  assert.deepEqual(allowed('notice_delivery_state_known'), [...DELIVERY_STATES]);
  assert.deepEqual(allowed('notice_event_known'), NOTICE_EVENT_NAMES);
  assert.deepEqual(allowed('notice_channel_kind_known'), [...CHANNEL_KINDS]);
  assert.deepEqual(allowed('notice_channel_digest_known'), [...DIGESTS]);
});

test('twenty channels, and no more, asked for one after the other or all at once', async () => {
  const made = await Promise.allSettled(Array.from({ length: 25 }, () => t.channel()));
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 20);
  await assert.rejects(t.channel(), { code: 'Conflict', message: /20 channels already/ });
});
