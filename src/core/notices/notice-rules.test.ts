import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DELIVERY_DELAYS_SECONDS, stepDelivery } from './delivery-state.ts';
import { isMailAddress } from './mail-address.ts';
import { cleanPayload, reasonKeyOf, type Notice } from './notice.ts';
import { MAX_MESSAGE_BYTES } from './fit-message.ts';
import { MAX_NOTICES_PER_MESSAGE } from './notice-channel.ts';
import { NOTICE_EVENT_NAMES } from './notice-events.ts';
import { type Message, webhookBody } from './notice-json.ts';
import { noticeMail } from './notice-mail.ts';
import { readSmtpUrl } from './smtp-url.ts';

test('an attempt that fails is repeated with growing distance for more than four days, then given up', () => {
  const refused = { taken: false, reason: 'no' } as const;
  const steps = Array.from({ length: 10 }, (_, index) => stepDelivery(refused, index + 1));
  assert.deepEqual(
    steps.map(({ state, retryInSeconds }) => [state, retryInSeconds]),
    [
      ...[60, 300, 1_800, 7_200, 21_600, 86_400, 86_400, 86_400, 86_400].map((delay) => ['waiting', delay]),
      ['failed', null],
    ],
  );
  const days = DELIVERY_DELAYS_SECONDS.reduce((sum, seconds) => sum + seconds, 0) / 86_400;
  assert.ok(days > 4 && days <= 5, String(days));
  assert.deepEqual(stepDelivery({ taken: true }, 3), {
    event: 'taken',
    state: 'delivered',
    retryInSeconds: null,
  });
  assert.equal(stepDelivery({ ...refused, permanent: true }, 1).state, 'failed');
});

const GOOD = ['it@contoso.com', 'first.last+tag@sub.contoso.co.uk', "o'neil@contoso.com", 'root@localhost'];
for (const address of GOOD) test(`${address} is a mail address`, () => assert.ok(isMailAddress(address)));
const BAD = [
  '',
  '@contoso.com',
  'it@',
  'it',
  'it@contoso.com\r\nBcc: all@contoso.com',
  'it@contoso.com\n',
  'it@contoso.com, all@contoso.com',
  '"a b"@contoso.com',
  'IT <it@contoso.com>',
  '<it@contoso.com>',
  'a@b@contoso.com',
  'it@-contoso.com',
  'it@contoso..com',
  '.it@contoso.com',
  'it @contoso.com',
  'ït@contoso.com',
  `${'x'.repeat(65)}@contoso.com`,
];
for (const address of BAD)
  test(`${JSON.stringify(address).slice(0, 50)} is no mail address`, () =>
    assert.ok(!isMailAddress(address)));

test('the key of a reason knows what it is about, not how much of it, nor in which order', () => {
  const one = { code: 'tooManyEndings', kind: 'student', message: '30 of 100' };
  const two = { code: 'tooManyEndings', kind: 'class', message: '9 of 10', school: { id: 'S2' } };
  assert.equal(
    reasonKeyOf('VerdictHeld', [one, two]),
    reasonKeyOf('VerdictHeld', [two, { ...one, message: '31' }]),
  );
  assert.notEqual(reasonKeyOf('VerdictHeld', [one]), reasonKeyOf('VerdictHeld', [two]));
});

test('a payload is bounded and holds lines of text only', () => {
  const reasons = Array.from({ length: 80 }, () => ({ code: 'x', message: 'a\r\nSubject: b\u0000\u202e' }));
  const clean = cleanPayload({ message: 'x'.repeat(9_999), reasons });
  assert.equal(clean.message?.length, 500);
  assert.equal(clean.reasons?.length, 50);
  assert.equal(clean.reasons?.[0]?.message, 'a Subject: b');
});

interface SentDigest {
  readonly notices: readonly { readonly reasons: readonly unknown[]; readonly reasonsLeftOut?: number }[];
  readonly noticesLeftOut?: number;
}

function notice(profileName: string): Notice {
  return {
    id: '019f0000-0000-7000-8000-000000000001',
    profileId: '019f0000-0000-7000-8000-000000000002',
    profileName,
    runId: null,
    event: 'held',
    payload: {
      message: '300 of 400 students would end',
      reasons: [{ code: 'schoolEndings', message: 'all would end', school: { id: 'S1', name: 'North' } }],
      counts: { openErrors: 2 },
    },
    createdAt: new Date('2026-09-01T06:00:00Z'),
  };
}

test('a mail has a subject of one line whatever a profile is called, and says what to do', () => {
  const at = new Date('2026-09-01T06:00:00Z');
  const message = {
    id: 'm1',
    type: 'notice' as const,
    tenantId: 't',
    notices: [notice('A\r\nBcc: x@y')],
    at,
  };
  const mail = noticeMail(message);
  assert.equal(mail.subject, 'Rollbook: A Bcc: x@y: a sync waits for a decision');
  assert.match(
    mail.text,
    /^A Bcc: x@y: a sync waits for a decision\n300 of 400 students would end\n- North \(S1\): all would end\n/,
  );
  assert.match(mail.text, /What to do: .*rollbook resume/);
  const long = noticeMail({ ...message, notices: [notice('n'.repeat(400))] });
  assert.ok(long.subject.length <= 150);
  const digest = noticeMail({ ...message, type: 'digest', notices: [notice('A'), notice('B')] });
  assert.equal(digest.subject, 'Rollbook: 2 notices');
  assert.match(digest.text, /\nB: a sync waits/);
});

/** A digest as full as digests get, of notices with so many reasons. */
function fullDigest(reasons: number, text: string): Message {
  const school = { id: 'S1', name: text };
  const long = {
    ...notice(text),
    payload: {
      message: 'held',
      reasons: Array.from({ length: reasons }, () => ({ code: 'schoolEndings', message: text, school })),
    },
  };
  const notices = Array.from({ length: MAX_NOTICES_PER_MESSAGE }, () => long);
  return { id: 'm1', type: 'digest', tenantId: 't', notices, at: long.createdAt };
}

test('a digest is bounded: it tells fewer reasons of each notice, and how many there are', () => {
  const digest = fullDigest(50, 'x'.repeat(200));
  const body = webhookBody(digest);
  const { text } = noticeMail(digest);
  for (const sent of [body, text]) assert.ok(Buffer.byteLength(sent) <= MAX_MESSAGE_BYTES);
  const { notices, noticesLeftOut } = (JSON.parse(body) as { data: SentDigest }).data;
  assert.deepEqual([notices.length, noticesLeftOut], [MAX_NOTICES_PER_MESSAGE, undefined]);
  const told = notices[0]?.reasons.length ?? 0;
  assert.equal(notices[0]?.reasonsLeftOut, 50 - told);
  assert.equal(text.match(/- and \d+ more reasons\. All of it: rollbook notices/gu)?.length, notices.length);
});

test('a digest whose notices alone are too much tells the first, and how many more there are', () => {
  const digest = fullDigest(1, '\u{1f3eb}'.repeat(250));
  const { payload: _, ...bare } = digest.notices[0] as Notice;
  const long = {
    ...digest,
    notices: digest.notices.map(() => ({ ...bare, payload: { message: '\u{1f3eb}'.repeat(250) } })),
  };
  const body = webhookBody(long);
  const { text, subject } = noticeMail(long);
  for (const sent of [body, text]) assert.ok(Buffer.byteLength(sent) <= MAX_MESSAGE_BYTES);
  const { notices, noticesLeftOut = 0 } = (JSON.parse(body) as { data: SentDigest }).data;
  assert.ok(noticesLeftOut > 0);
  assert.equal(notices.length + noticesLeftOut, MAX_NOTICES_PER_MESSAGE);
  assert.match(text, /\nAnd \d+ more notices\. All of it: rollbook notices/u);
  assert.equal(subject, `Rollbook: ${MAX_NOTICES_PER_MESSAGE} notices`);
});

test('one notice has all its reasons', () => {
  const digest = fullDigest(50, 'x'.repeat(200));
  const one = { ...digest, type: 'notice' as const, notices: digest.notices.slice(0, 1) };
  const [sent] = (JSON.parse(webhookBody(one)) as { data: SentDigest }).data.notices;
  assert.equal(sent?.reasons.length, 50);
  assert.ok(!('reasonsLeftOut' in sent));
  assert.doesNotMatch(noticeMail(one).text, /more reasons/u);
});

test('SMTP_URL: TLS as the scheme says, STARTTLS required where there is a password', () => {
  const security = (text: string): string | undefined => readSmtpUrl(text)?.security;
  assert.deepEqual(readSmtpUrl('smtps://me%40contoso.com:p%3Aw@mail.contoso.com'), {
    host: 'mail.contoso.com',
    port: 465,
    security: 'tls',
    auth: { user: 'me@contoso.com', password: 'p:w' },
  });
  assert.equal(readSmtpUrl('smtp://mail.contoso.com')?.port, 587);
  assert.equal(security('smtp://mail.contoso.com:25'), 'offered');
  assert.equal(security('smtp://me:pw@mail.contoso.com'), 'required');
  assert.equal(security('smtp://me:pw@localhost:25?starttls=off'), 'off');
  for (const wrong of [
    'mail.contoso.com',
    'http://x',
    'smtp://x/path',
    'smtp://x?tls=1',
    'smtps://x?starttls=off',
    'smtp://:pw@x',
    'smtp://x:99999',
    'smtp://x?starttls=off&starttls=off',
  ])
    assert.equal(readSmtpUrl(wrong), null, wrong);
});

test('there is an event for everything that is told', () => {
  assert.deepEqual(NOTICE_EVENT_NAMES, [
    'held',
    'quarantined',
    'recovered',
    'expired',
    'disabled',
    'recordDropped',
    'scheduledWithoutFiles',
  ]);
});
