import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { asOwner, inTenant } from '#storage/database.ts';
import { raiseNotice } from '#storage/notices/raise-notice.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { type ScriptedHttpServer, scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';
import { type ProfileServer, profileServer } from '#test/helpers/profile-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: ProfileServer;
let receiver: ScriptedHttpServer;
let status = 200;
before(async () => {
  server = await profileServer();
  receiver = await scriptedHttpServer(() => ({ status }));
});
after(async () => {
  await receiver.close();
  await server.close();
});

const CHANNELS = '/api/v1/noticeChannels';
const NOWHERE = '019f0000-0000-7000-8000-000000000000';

async function create(more: Record<string, unknown> = {}): Promise<Record<string, string>> {
  const made = await server.call('POST', CHANNELS, { kind: 'webhook', address: receiver.address, ...more });
  assert.equal(made.status, 201, made.text);
  return made.body;
}

test('a channel is made, read, changed and removed; its secret is in the first answer and in no other', async () => {
  const { secret = '', id = '', ...made } = await create({ events: ['held', 'quarantined'] });
  assert.match(secret, /^whsec_/);
  assert.deepEqual(
    { ...made, createdDateTime: '' },
    {
      kind: 'webhook',
      address: receiver.address,
      events: ['held', 'quarantined'],
      digest: 'none',
      digestHour: 7,
      enabled: true,
      waiting: 0,
      failed: 0,
      lastAttemptDateTime: null,
      lastError: null,
      createdDateTime: '',
    },
  );
  const path = `${CHANNELS}/${id}`;
  const changed = await server.call('PATCH', path, { digest: 'daily', digestHour: 6, events: [] });
  assert.partialDeepStrictEqual(changed.body, { digest: 'daily', digestHour: 6, events: [], enabled: true });
  const read = await server.call('GET', path);
  assert.deepEqual(read.body, changed.body);
  const list = await server.call('GET', CHANNELS);
  assert.deepEqual(list.body.value, [read.body]);
  assert.doesNotMatch(list.text + read.text + changed.text, /whsec|secret/u);
  const rotated = await server.call('POST', `${path}/rotateSecret`);
  assert.match(rotated.body.secret, /^whsec_/);
  assert.notEqual(rotated.body.secret, secret);
  const stored = await asOwner(server.db, (tx) =>
    tx.query<{ secret: Buffer }>('select secret from notice_channel'),
  );
  assert.ok(!stored[0]?.secret.toString('latin1').includes(String(rotated.body.secret)), 'it is sealed');
  assert.equal((await server.call('DELETE', path)).status, 204);
  assert.equal((await server.call('GET', path)).status, 404);
  assert.equal((await server.call('DELETE', path)).status, 404);
});

test('a test says at once what became of it', async () => {
  const { id } = await create();
  const good = await server.call('POST', `${CHANNELS}/${id}/test`);
  assert.partialDeepStrictEqual(good.body, { delivered: true, reason: null });
  assert.equal(JSON.parse(String(receiver.seen.at(-1)?.body)).type, 'test');
  status = 500;
  const bad = await server.call('POST', `${CHANNELS}/${id}/test`);
  status = 200;
  assert.equal(bad.status, 200);
  assert.partialDeepStrictEqual(bad.body, { delivered: false, reason: 'the receiver answered 500' });
  await server.call('DELETE', `${CHANNELS}/${id}`);
});

const WRONG: readonly [string, Record<string, unknown>, number, string][] = [
  ['no kind', { address: 'https://hooks.contoso.com' }, 400, 'kind'],
  ['another kind', { kind: 'sms', address: '1' }, 400, 'kind'],
  ['no address', { kind: 'webhook' }, 400, 'address'],
  ['a private network in hexadecimal', { kind: 'webhook', address: 'https://0x0a000001/' }, 400, 'address'],
  ['a private network as a number', { kind: 'webhook', address: 'https://167772161/' }, 400, 'address'],
  ['a private network as IPv6', { kind: 'webhook', address: 'https://[::ffff:10.0.0.1]/' }, 400, 'address'],
  ['metadata of a cloud', { kind: 'webhook', address: 'http://169.254.169.254/' }, 400, 'address'],
  ['no TLS', { kind: 'webhook', address: 'http://hooks.contoso.com/' }, 400, 'address'],
  ['a password', { kind: 'webhook', address: 'https://a:b@hooks.contoso.com/' }, 400, 'address'],
  [
    'an event that is none',
    { kind: 'webhook', address: 'https://x.contoso.com', events: ['all'] },
    400,
    'events[0]',
  ],
  [
    'an hour that is none',
    { kind: 'webhook', address: 'https://x.contoso.com', digestHour: 24 },
    400,
    'digestHour',
  ],
  ['something unknown', { kind: 'webhook', address: 'https://x.contoso.com', secret: 'mine' }, 400, ''],
  ['a mail address with a line break', { kind: 'email', address: 'a@b.c\r\nBcc: d@e.f' }, 400, 'address'],
  ['mail without a mail server', { kind: 'email', address: 'it@contoso.com' }, 409, ''],
];
for (const [name, body, code, target] of WRONG) {
  test(`refused: ${name}`, async () => {
    const answer = await server.call('POST', CHANNELS, body);
    assert.equal(answer.status, code, answer.text);
    if (target !== '') assert.equal(answer.body.error.target, target);
    assert.deepEqual((await server.call('GET', CHANNELS)).body.value, []);
  });
}

test('a change is checked as a new channel is, and the kind stays', async () => {
  const { id } = await create();
  for (const change of [
    { address: 'https://10.0.0.1/' },
    { kind: 'email' },
    { digest: 'hourly' },
    { events: null },
  ])
    assert.equal(
      (await server.call('PATCH', `${CHANNELS}/${id}`, change)).status,
      400,
      JSON.stringify(change),
    );
  assert.equal((await server.call('PATCH', `${CHANNELS}/${NOWHERE}`, { enabled: false })).status, 404);
  assert.equal((await server.call('POST', `${CHANNELS}/none/test`)).status, 404);
  assert.equal((await server.call('POST', `${CHANNELS}/${id}/test`, { to: 'x' })).status, 400);
  await server.call('DELETE', `${CHANNELS}/${id}`);
});

test('who may read profiles reads channels and notices; who may write them changes channels; another tenant sees nothing', async () => {
  const { id } = await create();
  const reader = { permissions: ['EduAdministration.Read.All'] };
  assert.equal((await server.call('GET', CHANNELS, undefined, reader)).status, 200);
  assert.equal((await server.call('GET', '/api/v1/notices', undefined, reader)).status, 200);
  assert.equal((await server.call('POST', `${CHANNELS}/${id}/test`, undefined, reader)).status, 403);
  assert.equal((await server.call('DELETE', `${CHANNELS}/${id}`, undefined, reader)).status, 403);
  const stranger = { permissions: ['EduRoster.ReadWrite.All'] };
  assert.equal((await server.call('GET', CHANNELS, undefined, stranger)).status, 403);
  const tenantId = realSystem.newId();
  await createTenant(server.db, { id: tenantId, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  assert.deepEqual((await server.call('GET', CHANNELS, undefined, { tenantId })).body.value, []);
  assert.equal((await server.call('GET', `${CHANNELS}/${id}`, undefined, { tenantId })).status, 404);
  assert.equal((await server.call('DELETE', `${CHANNELS}/${id}`, undefined, { tenantId })).status, 404);
  await server.call('DELETE', `${CHANNELS}/${id}`);
});

test('notices: the newest first, page by page, of one profile; and where each of them went', async () => {
  const { id: channelId } = await create();
  const one = await server.newProfile('One');
  const two = await server.newProfile('Two');
  for (let n = 0; n < 5; n++) {
    for (const profileId of n === 2 ? [one, two] : [one]) {
      await inTenant(server.db, server.tenantId, (tx) =>
        raiseNotice(tx, {
          id: realSystem.newId(),
          profileId,
          runId: null,
          event: 'held',
          reasonKey: `reason ${n}`,
          payload: { message: `reason ${n}`, counts: { students: n } },
        }),
      );
      await realSystem.sleep(2);
    }
  }
  const pages: string[][] = [];
  let next: string | undefined = `/api/v1/notices?$top=2&profileId=${one}`;
  while (next !== undefined) {
    const { body }: { body: { value: { message: string }[]; '@odata.nextLink'?: string } } =
      await server.call('GET', next);
    pages.push(body.value.map(({ message }) => message));
    next = body['@odata.nextLink']?.replace(server.baseUrl, '');
  }
  assert.deepEqual(pages, [['reason 4', 'reason 3'], ['reason 2', 'reason 1'], ['reason 0']]);
  const all = await server.call('GET', '/api/v1/notices');
  assert.equal(all.body.value.length, 6);
  assert.partialDeepStrictEqual(all.body.value[0], {
    event: 'held',
    message: 'reason 4',
    counts: { students: 4 },
    profile: { id: one, displayName: 'One' },
    closedDateTime: null,
  });
  const deliveries = await server.call('GET', `/api/v1/notices/${all.body.value[0].id}/deliveries`);
  assert.partialDeepStrictEqual(deliveries.body.value, [
    { channelId, state: 'waiting', attempts: 0, lastError: null },
  ]);
  const wrong = [
    '/api/v1/notices?profileId=x',
    '/api/v1/notices?$skiptoken=x',
    '/api/v1/notices?$filter=a',
    '/api/v1/notices?$top=0.5',
    `/api/v1/notices?profileId=${one}&profileId=${two}`,
  ];
  for (const path of wrong) assert.equal((await server.call('GET', path)).status, 400, path);
  for (const id of [NOWHERE, 'x'])
    assert.equal((await server.call('GET', `/api/v1/notices/${id}/deliveries`)).status, 404);
});
