/** What stands between Rollbook and a receiver: networks, names, certificates, mail servers, and those who mean no good. */
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import { makeSelfSignedCertificate } from '#http/tls/self-signed-certificate.ts';
import type { MailServer } from '#test/fakes/mail-server.ts';
import { type ScriptedAnswer, scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';
import { noticeContext } from '#test/helpers/notice-context.ts';
import { type NoticeBench, noticeBench } from '#test/helpers/notice-bench.ts';

import { changeChannel, testChannel } from './notice-channels.ts';
import type { NoticePost } from './notice-context.ts';

let t: NoticeBench;
beforeEach(async () => {
  t = await noticeBench();
});
afterEach(() => t.close());

const IN_TROUBLE: readonly [ScriptedAnswer, RegExp][] = [
  ['hang', /did not answer within 0\.3 seconds/],
  ['drip', /did not answer within 0\.3 seconds/],
  ['reset', /closed the connection/],
  [{ status: 404 }, /answered 404/],
];
for (const [trouble, reason] of IN_TROUBLE) {
  test(`a receiver in trouble (${JSON.stringify(trouble)}) is given up and tried again`, async () => {
    t.post({ timeoutMs: 300 });
    await t.channel();
    await t.raise('VerdictHeld');
    t.answer = trouble;
    await t.deliver();
    const [row] = await t.deliveries();
    assert.equal(row?.state, 'waiting');
    assert.match(row.last_error ?? '', reason);
    assert.doesNotMatch(row.last_error ?? '', /hidden/, 'the path of an address is a secret');
  });
}

test('of an answer without end 64 KiB are read', async () => {
  await t.channel();
  await t.raise('VerdictHeld');
  t.answer = 'flood';
  await t.deliver();
  assert.equal((await t.deliveries())[0]?.state, 'delivered');
});

test('nobody listens; the name does not resolve, or resolves too slowly', async () => {
  const { id } = await t.channel();
  await changeChannel(t.context, t.tenantId, id, { address: 'http://127.0.0.1:1/' });
  const refused = await testChannel(t.context, t.tenantId, id);
  assert.partialDeepStrictEqual(refused, { delivered: false, reason: 'the connection was refused' });
  await changeChannel(t.context, t.tenantId, id, { address: 'https://nowhere.contoso.com/' });
  const lost = await testChannel(t.context, t.tenantId, id);
  assert.equal(lost.reason, 'the name nowhere.contoso.com does not resolve');
  const slow = noticeContext(t.db, { timeoutMs: 50, resolve: () => new Promise(() => undefined) });
  assert.match((await testChannel(slow, t.tenantId, id)).reason ?? '', /did not answer within 0\.05/);
});

test('a redirect to this machine is not followed', async () => {
  const inside = await scriptedHttpServer(() => ({ status: 200 }));
  await t.channel();
  await t.raise('VerdictHeld');
  for (const status of [301, 302, 307, 308]) {
    t.answer = { status, headers: { location: `${inside.address}/admin` } };
    await t.deliver();
    assert.equal(
      (await t.deliveries())[0]?.last_error,
      `the receiver answered ${status}; redirects are not followed`,
    );
    await t.skipTime();
  }
  assert.equal(inside.seen.length, 0);
  await inside.close();
});

const port = (): string => new URL(t.receiver.address).port;
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
    t.post(post);
    await t.channel({ address: `https://rebind.contoso.com:${port()}/` });
    resolved = [address];
    await assert.rejects(t.channel({ address: `https://rebind.contoso.com:${port()}/` }), {
      code: 'BadRequest',
      target: 'address',
      message: /Notices are not sent to rebind\.contoso\.com/,
    });
    await t.raise('VerdictHeld');
    await t.deliver();
    const [row] = await t.deliveries();
    assert.equal(row?.state, 'waiting');
    assert.match(row.last_error ?? '', /not sent to rebind\.contoso\.com/);
    assert.equal(t.receiver.seen.length, 0);
  });
}

test('the connection goes to the address that was checked: the name is resolved once for an attempt', async () => {
  let asked = 0;
  t.post({
    privateHosts: ['hooks.internal'],
    resolve: () => Promise.resolve([['127.0.0.1'], ['127.0.0.1'], ['192.0.2.1']][asked++] ?? []),
  });
  await t.channel({ address: `http://hooks.internal:${port()}/x` });
  await t.raise('VerdictHeld');
  await t.deliver();
  assert.equal((await t.deliveries())[0]?.state, 'delivered');
  assert.equal(t.receiver.seen[0]?.headers.host, `hooks.internal:${port()}`);
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
  const { id } = await t.channel({ address: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  assert.match((await testChannel(t.context, t.tenantId, id)).reason ?? '', /no trusted TLS connection/);
  server.close();
  server.closeAllConnections();
});

function mailContext(server: MailServer, change: Partial<NonNullable<NoticePost['smtp']>> = {}): void {
  const smtp = {
    host: '127.0.0.1',
    port: server.port,
    security: 'offered',
    auth: null,
    from: 'rollbook@contoso.com',
  } as const;
  t.post({ smtp: { ...smtp, ...change }, timeoutMs: 5_000 });
}

test('a mail: plain text, one recipient, the same id for every attempt', async () => {
  let refuse = true;
  const server = await t.mailServer({
    onRcptTo: (_address, _session, callback) =>
      callback(refuse ? Object.assign(new Error('try later, token=hidden'), { responseCode: 451 }) : null),
  });
  mailContext(server, { auth: { user: 'me', password: 'right' } });
  await t.channel({ kind: 'email', address: 'it@contoso.com' });
  await t.sql(`update profile set display_name = 'Süd' || chr(13) || chr(10) || 'Bcc: all@contoso.com'`);
  await t.raise('3 of 4 students would end');
  await t.deliver();
  assert.equal((await t.deliveries())[0]?.last_error, 'the mail server refused the mail (451)');
  refuse = false;
  await t.skipTime();
  await t.deliver();
  const [row] = await t.deliveries();
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
  const plain = await t.mailServer();
  mailContext(plain);
  const { id } = await t.channel({ kind: 'email', address: 'it@contoso.com' });
  const reason = async (): Promise<string> =>
    (await testChannel(t.context, t.tenantId, id)).reason ?? 'delivered';
  assert.equal(await reason(), 'delivered');
  mailContext(plain, { auth: { user: 'me', password: 'wrong' } });
  assert.match(await reason(), /does not accept the user name and password/);
  mailContext(plain, { security: 'required', auth: { user: 'me', password: 'right' } });
  assert.match(await reason(), /no TLS|cannot be reached/);
  assert.equal(plain.seen.length, 1, 'the password was not sent in the clear');
  const day = 86_400_000;
  const validity = { from: new Date(Date.now() - day), to: new Date(Date.now() + day) };
  const certificate = makeSelfSignedCertificate(['127.0.0.1'], validity);
  const offering = await t.mailServer({ disabledCommands: [], ...certificate });
  mailContext(offering, { security: 'offered' });
  assert.notEqual(await reason(), 'delivered');
  assert.equal(offering.seen.length, 0, 'TLS that is offered is used, and nothing goes in the clear instead');
  mailContext(offering, { security: 'off' });
  assert.equal(await reason(), 'delivered');
  assert.equal(offering.seen[0]?.secure, false);
  const secure = await t.mailServer({ secure: true, ...certificate });
  mailContext(secure, { security: 'tls' });
  assert.notEqual(await reason(), 'delivered');
  await secure.close();
  assert.match(await reason(), /cannot be reached/);
  await plain.close();
  assert.match(await reason(), /cannot be reached/);
});

test('an address with a line break is no address, at set-up and on the wire', async () => {
  const server = await t.mailServer();
  mailContext(server);
  for (const address of [
    'it@contoso.com\r\nRCPT TO:<all@contoso.com>',
    'it@contoso.com\nBcc: x@y',
    'a@b.c,d@e.f',
  ])
    await assert.rejects(t.channel({ kind: 'email', address }), { code: 'BadRequest', target: 'address' });
  const { id } = await t.channel({ kind: 'email', address: 'it@contoso.com' });
  await t.sql(`update notice_channel set address = 'it@contoso.com' || chr(13) || chr(10) || 'DATA'`);
  assert.equal((await testChannel(t.context, t.tenantId, id)).reason, 'the e-mail address is not valid');
  assert.equal(server.seen.length, 0);
});

test('without a mail server there is no channel by e-mail', async () => {
  await assert.rejects(t.channel({ kind: 'email', address: 'it@contoso.com' }), /Set SMTP_URL and SMTP_FROM/);
});
