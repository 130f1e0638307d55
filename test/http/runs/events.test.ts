/** Server-sent events, read by a real client over a socket. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';

import { IssuerUnavailableError, UnauthenticatedError } from '#access/access-errors.ts';
import type { Caller } from '#core/permissions.ts';
import { realSystem } from '#lib/system.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { type EventReader, readEvents } from '#test/helpers/event-reader.ts';
import { profileServer, type ProfileServer } from '#test/helpers/profile-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: ProfileServer;
let otherTenantId: string;
let fixture: { profileId: string; runId: string };
let made = 0;
before(async () => {
  server = await profileServer({ eventLimits: { perTenant: 4, inAll: 6, pollMs: 10, heartbeatMs: 40 } });
  otherTenantId = realSystem.newId();
  await createTenant(server.db, { id: otherTenantId, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  fixture = await queuedRun();
});
after(() => server.close());

function bearer(tenantId = server.tenantId, roles = ['EduAdministration.Read.All']): Record<string, string> {
  const caller = { tenantId, applicationId: server.actor.applicationId, roles, scopes: [] };
  return { authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}` };
}
function follow(path: string, more: Readonly<Record<string, string>> = {}): Promise<EventReader> {
  return readEvents(`${server.baseUrl}/api/v1${path}`, { ...bearer(), ...more });
}

async function queuedRun(): Promise<{ profileId: string; runId: string }> {
  const profileId = await server.provisioned(`Events ${++made}`);
  await server.upload(profileId, 'School.csv');
  await server.call('POST', `/synchronizationProfiles/${profileId}/start`);
  const run = await server.latestRun(profileId);
  return { profileId, runId: String(run['id']) };
}

/** The server takes a moment to see that a client has gone. */
async function untilFree(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { runId } = fixture;
    const readers = await Promise.all([1, 2, 3, 4].map(() => follow(`/runs/${runId}/events`)));
    const free = readers.every(({ status }) => status === 200);
    for (const reader of readers) reader.close();
    if (free) return;
    await realSystem.sleep(10);
  }
  throw new Error('places were not given back');
}

test('a run is followed from state to state, in order, and the stream ends with it', async () => {
  const { runId } = await queuedRun();
  const reader = await follow(`/runs/${runId}/events`);
  assert.equal(reader.status, 200);
  assert.match(String(reader.headers['content-type']), /^text\/event-stream/u);
  assert.equal(reader.headers['cache-control'], 'no-store');
  await reader.until(1);
  await server.setRun(runId, 'staging');
  await reader.until(2);
  await server.rows(
    `update run set progress = '{"stage": "validating", "percent": 7, "secondsLeft": 42}' where id = $1`,
    runId,
  );
  await reader.until(3);
  await server.setRun(runId, 'applying', { message: 'a line\nand another' });
  await reader.until(4);
  await server.setRun(runId, 'completed');
  assert.equal(await reader.over, 'ended');
  assert.deepEqual(
    reader.events.map(({ event, data }) => [event, data.id, data.state]),
    ['queued', 'staging', 'staging', 'applying', 'completed'].map((state) => ['run', runId, state]),
  );
  assert.equal(reader.events[2]?.data.progress.secondsLeft, 42);
  assert.equal(reader.events[3]?.data.message, 'a line\nand another');
  assert.equal(reader.events[4]?.data.progress.secondsLeft, null, 'nobody works on it any more');
  const { body } = await server.call('GET', `/api/v1/runs/${runId}`);
  for (const [name, value] of Object.entries(reader.events[4]?.data as object))
    assert.deepEqual(body[name], value);
});

test('who comes back with Last-Event-ID is told what is new, and nothing twice', async () => {
  const { runId } = await queuedRun();
  const first = await follow(`/runs/${runId}/events`);
  await first.until(1);
  first.close();
  const lastId = first.events[0]?.id ?? '';
  const second = await follow(`/runs/${runId}/events`, { 'last-event-id': lastId });
  await server.setRun(runId, 'staging');
  await second.until(1);
  assert.deepEqual(
    second.events.map(({ data }) => data.state),
    ['staging'],
  );
  second.close();
  await server.setRun(runId, 'held', { errorCode: 'VerdictHeld' });
  const third = await follow(`/runs/${runId}/events`, { 'last-event-id': second.events[0]?.id ?? '' });
  assert.equal(await third.over, 'ended', 'it waits for a decision');
  assert.deepEqual(
    third.events.map(({ data }) => data.state),
    ['held'],
  );
  const fourth = await follow(`/runs/${runId}/events`, { 'last-event-id': third.events[0]?.id ?? '' });
  assert.equal(fourth.status, 204, 'a client that has seen the end stops coming back');
  const confused = await follow(`/runs/${runId}/events`, { 'last-event-id': 'nothing of ours' });
  await confused.over;
  assert.equal(confused.events.length, 1);
});

for (const state of ['held', 'suspended'] as const)
  test(`the stream of a run that is ${state} ends: it waits for somebody`, async () => {
    const { runId } = await queuedRun();
    const reader = await follow(`/runs/${runId}/events`);
    await reader.until(1);
    await server.setRun(runId, state);
    await reader.until(2);
    assert.equal(reader.events[1]?.data.state, state);
    assert.equal(await reader.over, 'ended');
  });

test('a profile is followed by its status', async () => {
  const { profileId, runId } = await queuedRun();
  const reader = await follow(`/profiles/${profileId.toUpperCase()}/events`);
  await reader.until(1);
  await server.setRun(runId, 'completed');
  await reader.until(2);
  assert.deepEqual(
    reader.events.map(({ event, data }) => [event, data.id, data.status]),
    [
      ['status', profileId, 'inProgress'],
      ['status', profileId, 'success'],
    ],
  );
  await server.rows(`update profile set state = 'deleted' where id = $1`, profileId);
  assert.equal(await reader.over, 'ended', 'it is gone');
});

test('heartbeats keep a quiet connection', async () => {
  const reader = await follow(`/runs/${fixture.runId}/events`);
  while (reader.comments.length < 2) await realSystem.sleep(5);
  assert.equal(reader.events.length, 1);
  reader.close();
});

test('what is not there, is of another tenant, or may not be read is refused before any stream', async () => {
  const { profileId, runId } = fixture;
  for (const path of [`/runs/${runId}/events`, `/profiles/${profileId}/events`]) {
    const stranger = await follow(path, bearer(otherTenantId));
    await stranger.over;
    assert.equal(stranger.status, 404, path);
    assert.match(stranger.text(), /Request_ResourceNotFound/u);
    assert.equal((await follow(path, bearer(server.tenantId, ['EduRoster.Read.All']))).status, 403);
    assert.equal((await follow(path, { authorization: '' })).status, 401);
  }
  for (const path of ['/runs/nothing/events', '/profiles/%27/events', `/runs/${profileId}/events`])
    assert.equal((await follow(path)).status, 404, path);
  assert.equal((await server.call('HEAD', `/api/v1/runs/${runId}/events`)).status, 405);
});

test('too many connections: 429 with Retry-After, by tenant and in all; who leaves makes place', async () => {
  await untilFree();
  const { runId } = fixture;
  const readers: EventReader[] = [];
  for (let number = 0; number < 4; number++) readers.push(await follow(`/runs/${runId}/events`));
  const fifth = await follow(`/runs/${runId}/events`);
  assert.equal(fifth.status, 429);
  assert.match(String(fifth.headers['retry-after']), /^\d+$/u);
  await fifth.over;
  assert.match(fifth.text(), /TooManyRequests/u);
  for (const reader of readers) reader.close();
  await untilFree();
  assert.equal((await follow('/runs/nothing/events')).status, 404, 'a refusal holds no place');
});

test('clients that go away at once hold no place', async () => {
  await untilFree();
  for (let number = 0; number < 30; number++) {
    const request = get(`${server.baseUrl}/api/v1/runs/${fixture.runId}/events`, {
      headers: bearer(),
      agent: false,
    });
    request.on('error', () => undefined);
    request.on('response', (response) => response.resume());
    await realSystem.sleep(number % 6);
    request.destroy();
  }
  await untilFree();
  const last = await follow(`/runs/${fixture.runId}/events`);
  assert.equal(last.status, 200);
  last.close();
});

test('a client that does not read is dropped, and the others go on', async () => {
  await untilFree();
  const { runId } = await queuedRun();
  await server.setRun(runId, 'staging');
  const lazy = await follow(`/runs/${runId}/events`);
  const keen = await follow(`/runs/${runId}/events`);
  await keen.until(1);
  lazy.pause();
  // More than the buffers of both ends of a socket hold.
  const large = 'x'.repeat(1_000_000);
  let seen = 1;
  for (let round = 0; round < 40; round++) {
    await server.rows('update run set message = $2 where id = $1', runId, `${round} ${large}`);
    seen += 1;
    await keen.until(seen);
  }
  assert.equal(keen.events.length, 41);
  await server.setRun(runId, 'completed');
  assert.equal(await keen.over, 'ended');
  lazy.resume();
  assert.equal(await lazy.over, 'cut');
  assert.ok(lazy.events.length < 41);
});

test('a stream ends when its time is over, and its client comes back', async () => {
  const own = await profileServer({ eventLimits: { pollMs: 10, heartbeatMs: 20, lifeMs: 60 } });
  const profileId = await own.provisioned();
  const headers = bearer(own.tenantId);
  const path = `${own.baseUrl}/api/v1/profiles/${profileId}/events`;
  const reader = await readEvents(path, headers);
  assert.equal(await reader.over, 'ended');
  const again = await readEvents(path, { ...headers, 'last-event-id': String(reader.events.at(-1)?.id) });
  assert.equal(await again.over, 'ended');
  assert.equal(again.events.length, 0, 'it was told that already');
  await own.close();
});

test('a stop ends every stream', async () => {
  const own = await profileServer({ eventLimits: { pollMs: 10 } });
  const profileId = await own.provisioned();
  const headers = bearer(own.tenantId);
  const reader = await readEvents(`${own.baseUrl}/api/v1/profiles/${profileId}/events`, headers);
  await reader.until(1);
  await own.close();
  assert.equal(await reader.over, 'ended');
});

test('a stream ends once its caller may no longer be told, and no earlier', async () => {
  const ways: [string, (caller: Caller) => Caller, 'ended' | 'goes on'][] = [
    ['a revoked application', () => assert.fail(new UnauthenticatedError('revoked')), 'ended'],
    ['a permission that was taken away', (caller) => ({ ...caller, roles: [] }), 'ended'],
    [
      'an issuer that is away',
      () => assert.fail(new IssuerUnavailableError('https://a', 'is away', 5)),
      'goes on',
    ],
  ];
  let checkCaller = (caller: Caller): Caller => caller;
  const own = await profileServer({
    eventLimits: { pollMs: 10, heartbeatMs: 20 },
    checkCaller: (caller) => checkCaller(caller),
  });
  const profileId = await own.provisioned();
  for (const [name, check, outcome] of ways) {
    checkCaller = (caller) => caller;
    const reader = await readEvents(
      `${own.baseUrl}/api/v1/profiles/${profileId}/events`,
      bearer(own.tenantId),
    );
    await reader.until(1);
    checkCaller = check;
    let over: string | undefined;
    void reader.over.then((how) => (over = how));
    const beats = reader.comments.length;
    while (over === undefined && reader.comments.length < beats + 3) await realSystem.sleep(5);
    assert.equal(over ?? 'goes on', outcome, name);
    reader.close();
  }
  await own.close();
});
