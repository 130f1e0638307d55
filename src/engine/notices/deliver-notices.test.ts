/** Delivery against a real database and receivers on the wire: what a receiver gets, and what becomes of what it does not take. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import type { ChannelDefinition } from '#core/notices/notice-channel.ts';
import type { NoticeEvent } from '#core/notices/notice-events.ts';
import { makeSelfSignedCertificate } from '#http/tls/self-signed-certificate.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { closeNotices, raiseNotice } from '#storage/notices/raise-notice.ts';
import { type MailServer, mailServer as startMailServer } from '#test/fakes/mail-server.ts';
import {
  type ScriptedAnswer,
  type ScriptedHttpServer,
  scriptedHttpServer,
} from '#test/fakes/scripted-http-server.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { noticeContext } from '#test/helpers/notice-context.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';

import { deliverDue, startNoticeDelivery } from './deliver-notices.ts';
import { changeChannel, createChannel, removeChannel, rotateSecret, testChannel } from './notice-channels.ts';
import type { NoticeContext, NoticePost } from './notice-context.ts';

let t: TestDatabase;
let profileId: string;
let receiver: ScriptedHttpServer;
/** What the receiver answers from now on. */
let answer: ScriptedAnswer;
let context: NoticeContext;
let mailServers: MailServer[] = [];
beforeEach(async () => {
  t = await testDatabase();
  ({ profileId } = await addSourceSystem(t.db, t.tenantId));
  answer = { status: 204 };
  receiver = await scriptedHttpServer(() => answer);
  context = noticeContext(t.db);
});
afterEach(async () => {
  for (const server of mailServers) await server.close();
  mailServers = [];
  await receiver.close();
  await t.close();
});

async function mailServer(options?: Parameters<typeof startMailServer>[0]): Promise<MailServer> {
  const server = await startMailServer(options);
  mailServers.push(server);
  return server;
}

interface Body {
  type: string;
  data: { tenantId: string; notices: { event: string; message: string | null; profile: { id: string } }[] };
}
interface Row {
  state: string;
  attempts: number;
  message_id: string | null;
  last_error: string | null;
  due: boolean;
  seconds: number;
}

const CHANNEL: ChannelDefinition = {
  kind: 'webhook',
  address: '',
  events: [],
  digest: 'none',
  digestHour: 7,
  enabled: true,
};

async function webhook(change: Partial<ChannelDefinition> = {}): Promise<{ id: string; secret: string }> {
  const definition = { ...CHANNEL, address: `${receiver.address}/hook?token=hidden`, ...change };
  const { channel, secret } = await createChannel(context, t.tenantId, definition);
  return { id: channel.id, secret: secret ?? '' };
}

function raise(reason: string, event: NoticeEvent = 'held'): Promise<boolean> {
  return inTenant(t.db, t.tenantId, (tx) =>
    raiseNotice(tx, {
      id: realSystem.newId(),
      profileId,
      runId: null,
      event,
      reasonKey: reason,
      payload: { message: reason },
    }),
  );
}

function sql<R>(text: string, ...values: unknown[]): Promise<R[]> {
  return inTenant(t.db, t.tenantId, (tx) => tx.query<R>(text, values));
}
const deliveries = (): Promise<Row[]> =>
  sql<Row>(
    `select state, attempts, message_id, last_error, next_attempt_at <= now() as due,
            extract(epoch from next_attempt_at - last_attempt_at)::float8 as seconds from notice_delivery order by notice_id`,
  );
/** As if the time of the next attempt had come, and the lease of a dead process were over. */
async function skipTime(): Promise<void> {
  await sql(`update notice_delivery set next_attempt_at = now() where state = 'waiting'`);
  await sql(`update notice_channel set lease_expires_at = now() where lease_expires_at is not null`);
}
/** Everything that is due now. */
async function deliver(by = context): Promise<void> {
  while ((await deliverDue(by, new AbortController().signal)) > 0);
}
const bodies = (): Body[] => receiver.seen.map(({ body }) => JSON.parse(body.toString()) as Body);

test('a notice reaches a webhook once, signed as Standard Webhooks are', async () => {
  const { secret } = await webhook();
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.equal(await raise('VerdictHeld'), true);
  assert.equal(await raise('VerdictHeld'), false, 'the same reason is told once while it is open');
  await deliver();
  assert.equal(receiver.seen.length, 1);
  const [seen] = receiver.seen;
  assert.ok(seen);
  assert.equal(seen.method, 'POST');
  assert.equal(seen.headers['content-type'], 'application/json');
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = seen.headers;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${String(id)}.${String(at)}.${seen.body.toString()}`);
  assert.equal(signature, `v1,${expected.digest('base64')}`);
  assert.ok(Math.abs(Number(at) - Date.now() / 1_000) < 60);
  const [body] = bodies();
  assert.equal(body?.type, 'notice');
  assert.equal(body.data.tenantId, t.tenantId);
  assert.partialDeepStrictEqual(body.data.notices, [
    {
      event: 'held',
      title: 'a sync waits for a decision',
      message: 'VerdictHeld',
      profile: { id: profileId },
    },
  ]);
  const [delivery] = await deliveries();
  assert.deepEqual([delivery?.state, delivery?.attempts, delivery?.message_id], ['delivered', 1, id]);
  await skipTime();
  await deliver();
  assert.equal(receiver.seen.length, 1);
});

test('a reason that was closed is told again; another event and another reason are told by themselves', async () => {
  await webhook({ events: ['held'] });
  await raise('a');
  await raise('b');
  await raise('a', 'quarantined');
  assert.equal(await inTenant(t.db, t.tenantId, (tx) => closeNotices(tx, profileId)), 3);
  await raise('a');
  await deliver();
  const told = bodies().flatMap(({ data }) => data.notices.map(({ event, message }) => [event, message]));
  assert.deepEqual(told, [
    ['held', 'a'],
    ['held', 'b'],
    ['held', 'a'],
  ]);
});

test('a record that was given up stays told while other records are still missing', async () => {
  await raise('r1', 'recordDropped');
  await raise('x', 'held');
  const close = (withErrors: boolean): Promise<number> =>
    inTenant(t.db, t.tenantId, (tx) => closeNotices(tx, profileId, { withErrors }));
  assert.equal(await close(true), 1);
  assert.equal(await raise('r1', 'recordDropped'), false);
  assert.equal(await close(false), 1);
});

test('500 for a while, then 200: tried again with growing distance, the same id and the same body', async () => {
  await webhook();
  await raise('VerdictHeld');
  answer = { status: 500, body: 'Stack trace with a secret' };
  const distances: number[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    await deliver();
    const [row] = await deliveries();
    distances.push(Math.round(row?.seconds ?? 0));
    assert.equal(row?.last_error, 'the receiver answered 500');
    await skipTime();
  }
  assert.deepEqual(distances, [60, 300, 1_800]);
  answer = { status: 200 };
  await deliver();
  assert.deepEqual(
    (await deliveries()).map(({ state, attempts, last_error }) => [state, attempts, last_error]),
    [['delivered', 4, null]],
  );
  assert.equal(new Set(receiver.seen.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.equal(new Set(receiver.seen.map(({ body }) => body.toString())).size, 1);
});

test('after the last attempt a delivery has failed, for everybody to see; 410 ends it at once', async () => {
  await webhook();
  await raise('VerdictHeld');
  answer = { status: 503 };
  for (let attempt = 0; attempt < 12; attempt++) {
    await deliver();
    await skipTime();
  }
  assert.equal(receiver.seen.length, 10);
  assert.deepEqual(
    (await deliveries()).map(({ state, attempts }) => [state, attempts]),
    [['failed', 10]],
  );
  answer = { status: 410 };
  await raise('other');
  await deliver();
  assert.deepEqual(
    (await deliveries()).map(({ state }) => state),
    ['failed', 'failed'],
  );
});

const IN_TROUBLE: readonly [ScriptedAnswer, RegExp][] = [
  ['hang', /did not answer within 0\.3 seconds/],
  ['drip', /did not answer within 0\.3 seconds/],
  ['reset', /closed the connection/],
  [{ status: 404 }, /answered 404/],
];
for (const [trouble, reason] of IN_TROUBLE) {
  test(`a receiver in trouble (${JSON.stringify(trouble)}) is given up and tried again`, async () => {
    context = noticeContext(t.db, { timeoutMs: 300 });
    await webhook();
    await raise('VerdictHeld');
    answer = trouble;
    await deliver();
    const [row] = await deliveries();
    assert.equal(row?.state, 'waiting');
    assert.match(row.last_error ?? '', reason);
    assert.doesNotMatch(row.last_error ?? '', /hidden/, 'the path of an address is a secret');
  });
}

test('of an answer without end 64 KiB are read', async () => {
  await webhook();
  await raise('VerdictHeld');
  answer = 'flood';
  await deliver();
  assert.equal((await deliveries())[0]?.state, 'delivered');
});

test('nobody listens; the name does not resolve, or resolves too slowly', async () => {
  const { id } = await webhook();
  await changeChannel(context, t.tenantId, id, { address: 'http://127.0.0.1:1/' });
  const refused = await testChannel(context, t.tenantId, id);
  assert.partialDeepStrictEqual(refused, { delivered: false, reason: 'the connection was refused' });
  await changeChannel(context, t.tenantId, id, { address: 'https://nowhere.contoso.com/' });
  const lost = await testChannel(context, t.tenantId, id);
  assert.equal(lost.reason, 'the name nowhere.contoso.com does not resolve');
  const slow = noticeContext(t.db, { timeoutMs: 50, resolve: () => new Promise(() => undefined) });
  assert.match((await testChannel(slow, t.tenantId, id)).reason ?? '', /did not answer within 0\.05/);
});

test('a redirect to this machine is not followed', async () => {
  const inside = await scriptedHttpServer(() => ({ status: 200 }));
  await webhook();
  await raise('VerdictHeld');
  for (const status of [301, 302, 307, 308]) {
    answer = { status, headers: { location: `${inside.address}/admin` } };
    await deliver();
    assert.equal(
      (await deliveries())[0]?.last_error,
      `the receiver answered ${status}; redirects are not followed`,
    );
    await skipTime();
  }
  assert.equal(inside.seen.length, 0);
  await inside.close();
});

const port = (): string => new URL(receiver.address).port;
const PRIVATE_ANSWERS = [
  '127.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '64:ff9b::7f00:1',
];
for (const address of PRIVATE_ANSWERS) {
  test(`a name that resolves to ${address} is refused at set-up, and at every delivery when it changes later`, async () => {
    let resolved = ['93.184.216.34'];
    const post: Partial<NoticePost> = { privateHosts: [], resolve: () => Promise.resolve(resolved) };
    context = noticeContext(t.db, post);
    await webhook({ address: `https://rebind.contoso.com:${port()}/` });
    resolved = [address];
    await assert.rejects(webhook({ address: `https://rebind.contoso.com:${port()}/` }), {
      code: 'BadRequest',
      target: 'address',
      message: /Notices are not sent to rebind\.contoso\.com/,
    });
    await raise('VerdictHeld');
    await deliver();
    const [row] = await deliveries();
    assert.equal(row?.state, 'waiting');
    assert.match(row.last_error ?? '', /not sent to rebind\.contoso\.com/);
    assert.equal(receiver.seen.length, 0);
  });
}

test('the connection goes to the address that was checked: the name is resolved once for an attempt', async () => {
  let asked = 0;
  context = noticeContext(t.db, {
    privateHosts: ['hooks.internal'],
    resolve: () => Promise.resolve([['127.0.0.1'], ['127.0.0.1'], ['192.0.2.1']][asked++] ?? []),
  });
  await webhook({ address: `http://hooks.internal:${port()}/x` });
  await raise('VerdictHeld');
  await deliver();
  assert.equal((await deliveries())[0]?.state, 'delivered');
  assert.equal(receiver.seen[0]?.headers.host, `hooks.internal:${port()}`);
  assert.equal(asked, 2, 'at set-up and at the attempt');
});

test('a certificate that nobody vouches for is not trusted', async () => {
  const day = 86_400_000;
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) };
  const server = createServer(makeSelfSignedCertificate(['127.0.0.1'], validity), (_request, response) =>
    response.end(),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { id } = await webhook({ address: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  assert.match((await testChannel(context, t.tenantId, id)).reason ?? '', /no trusted TLS connection/);
  server.close();
  server.closeAllConnections();
});

test('several processes deliver once', async () => {
  await webhook();
  await webhook({ address: `${receiver.address}/second` });
  for (let n = 0; n < 5; n++) await raise(`reason ${n}`);
  await Promise.all(Array.from({ length: 4 }, () => deliver(noticeContext(t.db))));
  await deliver();
  assert.equal(receiver.seen.length, 10);
  assert.ok((await deliveries()).every(({ state, attempts }) => state === 'delivered' && attempts === 1));
});

test('a process that dies in the middle of an attempt: another one repeats it under the same id when the lease is over', async () => {
  context = noticeContext(t.db, { timeoutMs: 60_000 });
  await webhook();
  await raise('VerdictHeld');
  answer = 'hang';
  const dying = noticeContext(t.db, { timeoutMs: 60_000 });
  const gone = new AbortController();
  const attempt = deliverDue({ ...dying, db: t.db }, gone.signal);
  while (receiver.seen.length === 0) await realSystem.sleep(5);
  answer = { status: 200 };
  await deliver();
  assert.equal(receiver.seen.length, 1, 'the lease keeps others away');
  await skipTime();
  await deliver();
  assert.equal(receiver.seen.length, 2);
  assert.equal(receiver.seen[0]?.headers['webhook-id'], receiver.seen[1]?.headers['webhook-id']);
  gone.abort();
  await attempt;
  assert.deepEqual(
    (await deliveries()).map(({ state }) => state),
    ['delivered'],
    'who lost the lease stores nothing',
  );
});

test('a stop in the middle of an attempt is quick, and the next start tries again at once', async () => {
  context = noticeContext(t.db, { timeoutMs: 60_000 });
  await webhook();
  await raise('VerdictHeld');
  answer = 'hang';
  const delivery = startNoticeDelivery(context, { pollSeconds: 0.05 });
  while (receiver.seen.length === 0) await realSystem.sleep(5);
  await delivery.stop();
  answer = { status: 200 };
  const [row] = await deliveries();
  assert.deepEqual([row?.state, row?.due], ['waiting', true]);
  await deliver();
  assert.equal((await deliveries())[0]?.state, 'delivered');
});

test('thirty messages an hour; the rest comes as one', async () => {
  await webhook();
  for (let n = 0; n < 45; n++) await raise(`reason ${n}`);
  await deliver();
  assert.equal(receiver.seen.length, 30);
  await deliver();
  assert.equal(receiver.seen.length, 30, 'the rest waits');
  await raise('one more');
  await deliver();
  assert.equal(receiver.seen.length, 30);
  await sql(
    `update notice_channel set recent_attempts = array(select at - interval '61 minutes' from unnest(recent_attempts) as at)`,
  );
  await skipTime();
  await deliver();
  assert.equal(receiver.seen.length, 31);
  const last = bodies().at(-1);
  assert.equal(last?.type, 'digest');
  assert.equal(last.data.notices.length, 16);
});

test('a daily digest: one message at its hour in the time zone of the tenant, and none when there was nothing', async () => {
  const [clock] = await sql<{ hour: number }>(
    `select extract(hour from now() at time zone 'Europe/Berlin')::int as hour`,
  );
  const hour = ((clock?.hour ?? 0) + 2) % 24;
  const { id } = await webhook({ digest: 'daily', digestHour: hour });
  await raise('a');
  await raise('b');
  await raise('c', 'quarantined');
  await deliver();
  assert.equal(receiver.seen.length, 0, 'it is not the hour yet');
  const due = await sql<{ hour: number; ahead: boolean }>(
    `select distinct extract(hour from next_attempt_at at time zone 'Europe/Berlin')::int as hour,
            next_attempt_at between now() + interval '1 hour' and now() + interval '2 hours' as ahead from notice_delivery`,
  );
  assert.deepEqual(due, [{ hour, ahead: true }]);
  await skipTime();
  await deliver();
  assert.deepEqual(
    bodies().map(({ type, data }) => [type, data.notices.length]),
    [['digest', 3]],
  );
  await skipTime();
  await deliver();
  assert.equal(receiver.seen.length, 1, 'nothing new, no message');
  await raise('d');
  await changeChannel(context, t.tenantId, id, { digest: 'none' });
  await deliver();
  assert.deepEqual(
    bodies().map(({ type }) => type),
    ['digest', 'notice'],
    'without digest it goes at once',
  );
});

test('a channel that is removed takes what waits with it; one that is disabled keeps it', async () => {
  const removed = await webhook();
  const disabled = await webhook();
  await raise('a');
  await removeChannel(context, t.tenantId, removed.id);
  await changeChannel(context, t.tenantId, disabled.id, { enabled: false });
  await raise('b');
  await deliver();
  assert.equal(receiver.seen.length, 0);
  await changeChannel(context, t.tenantId, disabled.id, { enabled: true });
  await deliver();
  assert.deepEqual(
    bodies().map(({ data }) => data.notices[0]?.message),
    ['a'],
    'b was raised while it was disabled',
  );
});

test('a channel that is removed during an attempt: the attempt ends, nothing is left', async () => {
  context = noticeContext(t.db, { timeoutMs: 300 });
  const { id } = await webhook();
  await raise('a');
  answer = 'hang';
  const attempt = deliver();
  while (receiver.seen.length === 0) await realSystem.sleep(5);
  await removeChannel(context, t.tenantId, id);
  await attempt;
  assert.deepEqual(await deliveries(), []);
});

test('a secret that is replaced signs beside the new one for a day', async () => {
  const { id, secret: old } = await webhook();
  const { secret } = await rotateSecret(context, t.tenantId, id);
  assert.notEqual(secret, old);
  const signatures = (): string[] => String(receiver.seen.at(-1)?.headers['webhook-signature']).split(' ');
  const signedBy = (key: string): string => {
    const seen = receiver.seen.at(-1);
    const content = `${String(seen?.headers['webhook-id'])}.${String(seen?.headers['webhook-timestamp'])}.${String(seen?.body)}`;
    return `v1,${createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
      .update(content)
      .digest('base64')}`;
  };
  await testChannel(context, t.tenantId, id);
  assert.deepEqual(signatures(), [signedBy(secret), signedBy(old)]);
  await sql(`update notice_channel set previous_secret_until = now() - interval '1 second'`);
  await testChannel(context, t.tenantId, id);
  assert.deepEqual(signatures(), [signedBy(secret)]);
});

test('the test of a channel is limited as everything else is', async () => {
  const { id } = await webhook();
  for (let n = 0; n < 30; n++) assert.equal((await testChannel(context, t.tenantId, id)).delivered, true);
  await assert.rejects(testChannel(context, t.tenantId, id), { code: 'TooManyRequests' });
});

async function mailContext(
  server: MailServer,
  change: Partial<NonNullable<NoticePost['smtp']>> = {},
): Promise<void> {
  const smtp = {
    host: '127.0.0.1',
    port: server.port,
    security: 'offered',
    auth: null,
    from: 'rollbook@contoso.com',
  } as const;
  context = noticeContext(t.db, { smtp: { ...smtp, ...change }, timeoutMs: 500 });
}

test('a mail: plain text, one recipient, the same id for every attempt', async () => {
  let refuse = true;
  const server = await mailServer({
    onRcptTo: (_address, _session, callback) =>
      callback(refuse ? Object.assign(new Error('try later, token=hidden'), { responseCode: 451 }) : null),
  });
  await mailContext(server, { auth: { user: 'me', password: 'right' } });
  await webhook({ kind: 'email', address: 'it@contoso.com' });
  await sql(`update profile set display_name = 'Süd' || chr(13) || chr(10) || 'Bcc: all@contoso.com'`);
  await raise('3 of 4 students would end');
  await deliver();
  assert.equal((await deliveries())[0]?.last_error, 'the mail server refused the mail (451)');
  refuse = false;
  await skipTime();
  await deliver();
  const [row] = await deliveries();
  assert.equal(row?.state, 'delivered');
  const [mail] = server.seen;
  assert.deepEqual([mail?.from, mail?.to, mail?.user], ['rollbook@contoso.com', ['it@contoso.com'], 'me']);
  const raw = mail?.raw ?? '';
  const [head = ''] = raw.split('\r\n\r\n');
  assert.match(head, /^To: it@contoso\.com\r$/m);
  assert.match(head, /^From: Rollbook <rollbook@contoso\.com>\r$/m);
  assert.match(head, new RegExp(`^Message-ID: <${String(row.message_id)}@contoso\\.com>\r$`, 'm'));
  assert.match(head, /^Content-Type: text\/plain; charset=utf-8$/m);
  assert.doesNotMatch(head, /^Bcc/m);
  assert.match(raw, /3 of 4 students would end/);
});

test('a mail server: wrong password, no TLS where it is required, TLS nobody vouches for, nobody there', async () => {
  const plain = await mailServer();
  await mailContext(plain);
  const { id } = await webhook({ kind: 'email', address: 'it@contoso.com' });
  const reason = async (): Promise<string> =>
    (await testChannel(context, t.tenantId, id)).reason ?? 'delivered';
  assert.equal(await reason(), 'delivered');
  await mailContext(plain, { auth: { user: 'me', password: 'wrong' } });
  assert.match(await reason(), /does not accept the user name and password/);
  await mailContext(plain, { security: 'required', auth: { user: 'me', password: 'right' } });
  assert.match(await reason(), /no TLS|cannot be reached/);
  assert.equal(plain.seen.length, 1, 'the password was not sent in the clear');
  const day = 86_400_000;
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) };
  const secure = await mailServer({ secure: true, ...makeSelfSignedCertificate(['127.0.0.1'], validity) });
  await mailContext(secure, { security: 'tls' });
  assert.notEqual(await reason(), 'delivered');
  await secure.close();
  assert.match(await reason(), /cannot be reached/);
  await plain.close();
  assert.match(await reason(), /cannot be reached/);
});

test('an address with a line break is no address, at set-up and on the wire', async () => {
  const server = await mailServer();
  await mailContext(server);
  for (const address of [
    'it@contoso.com\r\nRCPT TO:<all@contoso.com>',
    'it@contoso.com\nBcc: x@y',
    'a@b.c,d@e.f',
  ])
    await assert.rejects(webhook({ kind: 'email', address }), { code: 'BadRequest', target: 'address' });
  const { id } = await webhook({ kind: 'email', address: 'it@contoso.com' });
  await sql(`update notice_channel set address = 'it@contoso.com' || chr(13) || chr(10) || 'DATA'`);
  assert.equal((await testChannel(context, t.tenantId, id)).reason, 'the e-mail address is not valid');
  assert.equal(server.seen.length, 0);
});

test('without a mail server there is no channel by e-mail', async () => {
  await assert.rejects(webhook({ kind: 'email', address: 'it@contoso.com' }), /Set SMTP_URL and SMTP_FROM/);
});

test('twenty channels, and no more, asked for one after the other or all at once', async () => {
  const made = await Promise.allSettled(Array.from({ length: 25 }, () => webhook()));
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 20);
  await assert.rejects(webhook(), { code: 'Conflict', message: /20 channels already/ });
});
