/** GET /api/v1/runs, the story of a run, and its cancellation, without a worker. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { claimRun } from '#storage/runs/claim-run.ts';
import { saveProgress } from '#storage/runs/lease-run.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';
import { profileServer, type ProfileServer } from '#test/helpers/profile-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: ProfileServer;
let otherTenantId: string;
let ada: string;
let bea: string;
/** The oldest first. */
const runIds: string[] = [];

before(async () => {
  server = await profileServer();
  otherTenantId = realSystem.newId();
  await createTenant(server.db, { id: otherTenantId, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  await server.rows(
    `insert into application (tenant_id, id, display_name, permissions) values (current_tenant(), $1, 'Nightly sync', '{}')`,
    server.actor.applicationId,
  );
  ada = await server.provisioned('Ada');
  bea = await server.provisioned('Bea');
  for (const profileId of [ada, bea, ada, ada, bea, ada, ada]) runIds.push(await start(profileId));
  const days = ['2026-01-01T12:00Z', '2026-02-01T12:00Z', '2026-03-29T22:30Z', '2026-03-30T12:00Z'];
  for (const [index, day] of days.entries())
    await server.rows('update run set created_at = $2 where id = $1', runIds[index], day);
});
after(() => server.close());

async function start(profileId: string): Promise<string> {
  await server.upload(profileId, 'School.csv', 'Student.csv');
  await server.call('POST', `/synchronizationProfiles/${profileId}/start`);
  return String((await server.latestRun(profileId))['id']);
}

async function ids(query: string, tenantId = server.tenantId): Promise<string[]> {
  const { status, body, text } = await server.call('GET', `/api/v1/runs${query}`, undefined, { tenantId });
  assert.equal(status, 200, text);
  return body.value.map(({ id }: { id: string }) => id);
}

test('runs of all profiles, the newest first, page by page, also while new ones come', async () => {
  const newest = runIds.toReversed();
  assert.deepEqual(await ids(''), newest);
  const seen: string[] = [];
  let next: string | undefined = `${server.baseUrl}/api/v1/runs?$top=2&state=superseded,queued`;
  let between = 0;
  while (next !== undefined) {
    const path = next.slice(server.baseUrl.length);
    const { status, body, text } = await server.call('GET', path);
    assert.equal(status, 200, text);
    seen.push(...body.value.map(({ id }: { id: string }) => id));
    next = body['@odata.nextLink'];
    if (between++ === 1) await start(bea);
  }
  assert.deepEqual(seen, newest);
  const added = (await ids('?$top=1'))[0];
  assert.ok(added !== undefined && !runIds.includes(added));
  await server.setRun(added, 'rejected');
});

test('by profile, state and day; days are those of the tenant', async () => {
  const of = (...numbers: number[]): (string | undefined)[] => numbers.map((number) => runIds[number]);
  assert.deepEqual(await ids(`?profileId=${bea.toUpperCase()}&state=queued,superseded`), of(4, 1));
  assert.deepEqual(await ids(`?profileId=${ada}&$top=1&state=Queued`), of(6));
  // Berlin: 22:30 UTC of the 29th is half past midnight of the 30th.
  assert.deepEqual(await ids('?from=2026-03-30&to=2026-03-30'), of(3, 2));
  assert.deepEqual(await ids('?to=2026-03-29'), of(1, 0));
  assert.deepEqual(await ids('?from=2026-02-01T12:00:00Z&to=2026-03-29T22:30:00Z'), of(2, 1));
  assert.deepEqual(await ids('?from=2026-02-01T13:00:00%2B01:00&to=2026-02-01'), of(1));
  assert.deepEqual(await ids('?state=completed'), []);
  assert.deepEqual(await ids('', otherTenantId), []);
});

test('runs of a deleted profile stay in the history', async () => {
  const gone = await server.provisioned('Gone');
  const id = await start(gone);
  await server.call('DELETE', `/synchronizationProfiles/${gone}`);
  await server.finish(gone);
  assert.deepEqual(await ids(`?profileId=${gone}`), [id]);
  const { body } = await server.call('GET', `/api/v1/runs/${id}`);
  assert.deepEqual([body.state, body.profileDisplayName], ['cancelled', 'Gone']);
  assert.equal(body.message, 'Cancelled by Nightly sync before anything was changed.');
});

const BAD: [query: string, status: number, message: RegExp][] = [
  ['?$top=-1', 400, /\$top is a whole number from 1/u],
  ['?$top=0', 400, /\$top/u],
  ['?$top=1001', 400, /\$top/u],
  ['?$top=1&$top=2', 400, /twice/u],
  ['?$skiptoken=nonsense', 400, /\$skiptoken is not one/u],
  ['?$skiptoken=', 400, /\$skiptoken is not one/u],
  [`?$skiptoken=${Buffer.from("run:' or 1=1").toString('base64url')}`, 400, /\$skiptoken is not one/u],
  [`?$skiptoken=${Buffer.from('after:5').toString('base64url')}`, 400, /\$skiptoken is not one/u],
  ['?from=2026-02-02&to=2026-02-01', 400, /from is after to/u],
  ['?from=yesterday', 400, /from: 'yesterday' is no date/u],
  ['?to=2026-02-30', 400, /to: '2026-02-30' is no date/u],
  ['?to=2026-02-01T10:00', 400, /is no date/u],
  ['?from=2026-01-01&from=2026-01-02', 400, /from appears twice/u],
  ['?state=done', 400, /'done' is none of queued/u],
  ['?state=', 400, /none of queued/u],
  ['?profileId=nothing', 404, /no synchronization profile 'nothing'/u],
  ['?profileId=00000000-0000-7000-8000-000000000000', 404, /no synchronization profile/u],
  ["?$filter=state eq 'held'", 400, /\$filter/u],
  ['?colour=red', 400, /colour/u],
];
for (const [query, status, message] of BAD) {
  test(`bad query: ${query}`, async () => {
    const answer = await server.call('GET', `/api/v1/runs${encodeURI(query)}`);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.body.error.message, message);
  });
}

test('a profile of another tenant is as one that is none', async () => {
  const answer = await server.call('GET', `/api/v1/runs?profileId=${ada}`, undefined, {
    tenantId: otherTenantId,
  });
  assert.equal(answer.status, 404);
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '/findings'],
    ['POST', '/cancel'],
  ] as const) {
    const path = `/api/v1/runs/${runIds[6]}${rest}`;
    assert.equal((await server.call(method, path, undefined, { tenantId: otherTenantId })).status, 404, path);
  }
});

test('who may read may not cancel', async () => {
  const permissions = ['EduAdministration.Read.All'];
  const path = `/api/v1/runs/${runIds[6]}/cancel`;
  assert.equal((await server.call('POST', path, undefined, { permissions })).status, 403);
  assert.equal((await server.call('GET', '/api/v1/runs', undefined, { permissions })).status, 200);
  const roster = ['EduRoster.Read.All'];
  assert.equal((await server.call('GET', '/api/v1/runs', undefined, { permissions: roster })).status, 403);
});

test('the story of a run: who, when, what of which file, with names', async () => {
  const profileId = await server.provisioned('Story');
  const id = await start(profileId);
  await server.setRun(id, 'held', {
    errorCode: 'VerdictHeld',
    counts: { kinds: {}, files: [{ file: 'student.csv', rows: 7, badRows: 2 }] },
  });
  await server.call('POST', `/api/v1/profiles/${profileId}/resume`);
  await server.rows(
    `update run set certificate = '{"student.csv": {"proof": "trailer"}}', trigger = 'cron', adds_only = true,
            started_at = now() - interval '90 seconds', finished_at = now() where id = $1`,
    id,
  );
  await server.rows(
    `update upload set wrapped_key = null, erased_at = '2026-09-01T00:00:00Z', state = 'erased'
      where id = (select upload_id from run where id = $1)`,
    id,
  );
  const { body } = await server.call('GET', `/api/v1/runs/${id}`);
  assert.deepEqual(
    [body.profileDisplayName, body.trigger, body.planOnly, body.addsOnly, body.durationSeconds],
    ['Story', 'cron', false, true, 90],
  );
  assert.deepEqual(
    [body.requestedBy, body.requestedByName, body.acceptedByName],
    [server.actor.applicationId, 'Nightly sync', 'Nightly sync'],
  );
  assert.deepEqual(body.certificate, { 'student.csv': { proof: 'trailer' } });
  assert.deepEqual(
    body.timeline.map(({ event, state, actorName }: Record<string, unknown>) => [event, state, actorName]),
    [
      ['requested', 'queued', 'Nightly sync'],
      ['accepted', 'queued', 'Nightly sync'],
    ],
  );
  const file = {
    archive: null,
    sizeBytes: 10,
    sha256: '00',
    bytesKept: false,
    erasedAt: '2026-09-01T00:00:00.000Z',
  };
  assert.deepEqual(body.files, [
    { name: 'School.csv', rows: null, badRows: null, ...file },
    { name: 'Student.csv', rows: 7, badRows: 2, ...file },
  ]);
});

for (const state of ['queued', 'held', 'suspended', 'broken'] as const) {
  test(`cancel: a run that is ${state} is cancelled at once, with a note, and twice is as once`, async () => {
    const id = await start(await server.provisioned(`Cancel ${state}`));
    await server.setRun(id, state, { errorCode: 'VerdictHeld', message: 'Something stands in the way.' });
    const path = `/api/v1/runs/${id}/cancel`;
    const first = await server.call('POST', path, { note: '  wrong week ' });
    assert.equal(first.status, 200, first.text);
    assert.equal(first.body.state, 'cancelled');
    assert.equal(first.body.message, 'Cancelled by Nightly sync before anything was changed.');
    assert.equal(first.body.errorCode, null);
    const second = await server.call('POST', path);
    assert.deepEqual([second.status, second.body], [200, first.body]);
    const { body } = await server.call('GET', `/api/v1/runs/${id}`);
    const cancels = body.timeline.filter(({ event }: { event: string }) => event === 'cancel');
    assert.deepEqual(
      cancels.map(({ actorName, detail }: Record<string, unknown>) => [actorName, detail]),
      [['Nightly sync', { note: 'wrong week' }]],
    );
  });
}

test('cancel: an executing run is asked to stop and says so, once; one whose worker is gone is cancelled at once', async () => {
  const profileId = await server.provisioned('Executing');
  const id = await start(profileId);
  await server.setRun(id, 'applying');
  const waiting = await start(profileId);
  const path = `/api/v1/runs/${id}/cancel`;
  for (const attempt of [1, 2]) {
    const asked = await server.call('POST', path, {});
    assert.deepEqual(
      [asked.status, asked.body.state, asked.body.cancelRequested],
      [202, 'applying', true],
      `${attempt}`,
    );
  }
  const status = await server.call('GET', `/synchronizationProfiles/${profileId}/profileStatus`);
  assert.equal(status.body.status, 'inProgress');
  assert.match(status.body.statusMessage, /is being cancelled/u);
  const events = await server.rows(
    `select 1 from run_event where run_id = $1 and event = 'cancelRequested'`,
    id,
  );
  assert.equal(events.length, 1);

  await server.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, id);
  const wokenBefore = server.wokenRuns.length;
  const ended = await server.call('POST', path, {});
  assert.deepEqual([ended.status, ended.body.state], [200, 'cancelled']);
  assert.deepEqual(server.wokenRuns.slice(wokenBefore), [waiting], 'what waits behind it is woken');
});

test('cancel: the worker dies on the way; whoever takes the run up ends it with the same words', async () => {
  const id = await start(await server.provisioned('Dies'));
  await server.setRun(id, 'staging');
  assert.equal((await server.call('POST', `/api/v1/runs/${id}/cancel`)).status, 202);
  await server.rows(`update run set lease_expires_at = now() - interval '1 second' where id = $1`, id);
  const claim = await inTenant(server.db, server.tenantId, (tx) =>
    claimRun(tx, { runId: id, worker: 'another', leaseSeconds: 30, newId: realSystem.newId }),
  );
  assert.equal(claim, 'nothingToDo');
  const [run] = await server.rows<object>('select state, message from run where id = $1', id);
  assert.deepEqual(run, {
    state: 'cancelled',
    message: 'Cancelled by Nightly sync before anything was changed.',
  });
});

test('a cancelled preview is no matter of the status', async () => {
  const profileId = await server.provisioned('Preview');
  await server.setRun(await start(profileId), 'completed');
  const id = await start(profileId);
  await server.rows(`update run set plan_only = true, trigger = 'plan' where id = $1`, id);
  assert.equal((await server.call('POST', `/api/v1/runs/${id}/cancel`)).status, 200);
  const { body } = await server.call('GET', `/synchronizationProfiles/${profileId}/profileStatus`);
  assert.equal(body.status, 'success');
  assert.doesNotMatch(body.statusMessage, /ancelled/u);
});

test('after a crash the percentage waits where it was; a decision or another attempt begins anew', async () => {
  const id = await start(await server.provisioned('Percent'));
  const percentAfter = async (percent: number): Promise<number> => {
    await inTenant(server.db, server.tenantId, (tx) =>
      saveProgress(tx, id, 0, { stage: 'validating', percent, startedAt: new Date().toISOString() }),
    );
    const [run] = await server.rows<{ percent: number }>(
      `select (progress ->> 'percent')::int as percent from run where id = $1`,
      id,
    );
    return run?.percent ?? -1;
  };
  assert.equal(await percentAfter(40), 40);
  assert.equal(await percentAfter(3), 40);
  assert.equal(await percentAfter(41), 41);
  await server.rows('update run set attempt = attempt + 1 where id = $1', id);
  assert.equal(await percentAfter(5), 5);
  await server.rows('update run set apply_pass = 2 where id = $1', id);
  assert.equal(await percentAfter(4), 4);
  await server.rows(`update run set accepted_at = now() + interval '1 second' where id = $1`, id);
  assert.equal(await percentAfter(2), 2);
});

for (const state of ['completed', 'superseded', 'rejected'] as const) {
  test(`cancel: a run that is ${state} stays it: 409 with the reason`, async () => {
    const id = await start(await server.provisioned(`Final ${state}`));
    await server.setRun(id, state, { message: 'kept' });
    const answer = await server.call('POST', `/api/v1/runs/${id}/cancel`);
    assert.equal(answer.status, 409);
    assert.match(answer.body.error.message, /^The run cannot be cancelled: /u);
    const [run] = await server.rows<object>('select state, message from run where id = $1', id);
    assert.deepEqual(run, { state, message: 'kept' });
  });
}

test('cancel counts by pass: held items that were not released are not among those applied', async () => {
  const id = await start(await server.provisioned('Passes'));
  await inTenant(server.db, server.tenantId, async (tx) => {
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key)
       select $1, n, 'org', 'create', 'newInSource', gen_random_uuid() from generate_series(1, 10) n`,
      [id],
    );
    await tx.query(
      `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict) values (current_tenant(), $1, 'h', 10, '[]', '{}')`,
      [id],
    );
    // 7 and 8 were released for the second pass, which is behind 7; 9 and 10 still wait; 3 failed.
    await tx.query(
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id, pass)
       select current_tenant(), $1, n, 'school', 'S', case when n < 9 then 2 else 0 end from generate_series(7, 10) n`,
      [id],
    );
    await tx.query(
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message) values (current_tenant(), $1, 3, 'x', 'y')`,
      [id],
    );
    await tx.query(`update run set state = 'suspended', apply_pass = 2, applied_item_no = 7 where id = $1`, [
      id,
    ]);
  });
  const { body } = await server.call('POST', `/api/v1/runs/${id}/cancel`);
  assert.equal(body.message, 'Cancelled by Nightly sync after 6 of 10 changes; the rest was not applied.');
});
