/** What could not be written is tried again by itself, on the files that were let in, with growing distance, for four weeks. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { importAccounts, rosterWithUserNames } from '#test/helpers/accounts.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05, engine: { retrySweepSeconds: 0.05 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

/** A profile that matches, whose pupils with these numbers have no account. */
async function unmatched(
  displayName: string,
  roster: SmallRoster,
  missing: readonly number[],
): Promise<string> {
  await importAccounts(rollbook, [
    ...roster.teacher,
    ...roster.student.filter((_, n) => !missing.includes(n)),
  ]);
  const profile = await client.createProfile({
    displayName,
    match: { property: 'userPrincipalName', source: 'Username' },
  });
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'error', status.statusMessage);
  assert.equal(status.errorCount, missing.length);
  return profile;
}

interface EscrowRow {
  source_id: string;
  code: string;
  attempts: number;
  dependants: number;
  hours: number | null;
  dropped: boolean;
}

async function escrowOf(profile: string): Promise<EscrowRow[]> {
  const rows = await rollbook.rows(
    `select source_id, code, attempts, dependants, dropped_at is not null as dropped,
            round(extract(epoch from next_attempt_at - last_at) / 3600)::integer as hours
       from escrow where profile_id = $1 order by source_id`,
    [profile],
  );
  return rows as unknown as EscrowRow[];
}

/** Time passes: moves the times of escrow back, as the database sees them. */
async function pass(profile: string, interval: string): Promise<void> {
  await rollbook.rows(
    `update escrow set first_at = first_at - $2::interval, last_at = last_at - $2::interval,
            next_attempt_at = next_attempt_at - $2::interval where profile_id = $1`,
    [profile, interval],
  );
}

async function runsOf(profile: string): Promise<{ trigger: string; state: string }[]> {
  const rows = await rollbook.rows(
    'select trigger, state from run where profile_id = $1 order by created_at, id',
    [profile],
  );
  return rows as { trigger: string; state: string }[];
}

/** Waits until so many retries of the profile are complete. */
async function retried(profile: string, times: number): Promise<void> {
  for (let attempt = 0; attempt < 2_400; attempt++) {
    const runs = await runsOf(profile);
    if (runs.filter(({ trigger, state }) => trigger === 'retry' && state === 'completed').length >= times)
      return;
    await wait(25);
  }
  throw new Error(`not retried ${times} times: ${JSON.stringify(await runsOf(profile))}`);
}

test('a pupil without an account: tried again after 6, 12, 24 hours, then daily; once the account is there, all that waited comes in', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 30 });
  const profile = await unmatched('Ladder', roster, [4]);
  const enrolled = roster.studentenrollment.filter((row) => row['SIS ID'] === 'S1P5').length;
  const [first] = await escrowOf(profile);
  assert.deepEqual(first, {
    source_id: 'S1P5',
    code: 'UnsynchronizableChange',
    attempts: 1,
    dependants: 1 + enrolled,
    hours: 6,
    dropped: false,
  });
  const [error] = await client.all<Record<string, string>>(`${PROFILES}/${profile}/errors`);
  assert.match(String(error?.['errorMessage']), /No account has.*next at 20\d\d-\d\d-\d\dT[\d:]+Z/);
  const { lastActivityDateTime } = await client.status(profile);

  for (const [attempt, hours] of [
    [2, 12],
    [3, 24],
    [4, 24],
  ] as const) {
    await pass(profile, '24 hours 1 minute');
    await retried(profile, attempt - 1);
    const [row] = await escrowOf(profile);
    assert.deepEqual([row?.attempts, row?.hours], [attempt, hours]);
    const status = await client.settled(profile);
    assert.deepEqual([status.status, status.errorCount], ['error', 1], status.statusMessage);
    assert.equal(status.lastActivityDateTime, lastActivityDateTime, 'nothing has changed in the source');
  }

  await importAccounts(rollbook, [roster.student[4] ?? {}]);
  assert.equal((await escrowOf(profile)).length, 1, 'not before it is due');
  await pass(profile, '25 hours');
  await retried(profile, 4);
  const status = await client.settled(profile);
  assert.deepEqual([status.status, status.errorCount], ['success', 0], status.statusMessage);
  assert.equal(status.lastActivityDateTime, lastActivityDateTime);
  assert.deepEqual(await escrowOf(profile), []);
  const [written] = await rollbook.rows(
    `select (select count(*)::int from enrollment e where e.active and e.person_id = l.object_id) as enrollments,
            (select count(*)::int from role r where r.active and r.person_id = l.object_id) as roles
       from link l join profile p on p.source_system_id = l.source_system_id
      where p.id = $1 and l.kind = 'student' and l.source_id = 'S1P5' and l.active`,
    [profile],
  );
  assert.deepEqual(written, { enrollments: enrolled, roles: 1 });
  const again = await client.sync(profile, csvFiles(roster));
  assert.equal(again.status, 'success');
  const [plan] = await rollbook.rows('select item_count as n from plan order by created_at desc limit 1');
  assert.equal(plan?.['n'], 0, 'nothing is left to do');
});

test('a retry touches what is due and nothing else: not the other record in escrow, not what somebody changed by hand', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Due only', roster, [0, 1]);
  await importAccounts(rollbook, [roster.student[0] ?? {}, roster.student[1] ?? {}]);
  // The directory has moved away from the source in the meantime: a full run would bring it back.
  await rollbook.rows(
    `update enrollment e set active = false, content = 0 from profile p
      where p.id = $1 and e.source_system_id = p.source_system_id
        and e.key in (select key from enrollment x where x.source_system_id = p.source_system_id order by key limit 3)`,
    [profile],
  );
  await rollbook.rows(
    `update escrow set next_attempt_at = now() where profile_id = $1 and source_id = 'S1P1'`,
    [profile],
  );
  await retried(profile, 1);
  await client.settled(profile);
  const left = await escrowOf(profile);
  assert.deepEqual(
    left.map(({ source_id, attempts }) => [source_id, attempts]),
    [['S1P2', 1]],
  );
  const [inactive] = await rollbook.rows(
    `select count(*)::int as n from enrollment e join profile p on p.source_system_id = e.source_system_id
      where p.id = $1 and not e.active`,
    [profile],
  );
  assert.equal(inactive?.['n'], 3);
  const full = await client.sync(profile, csvFiles(roster));
  assert.equal(full.status, 'success', 'a full run with an upload tries every record, due or not');
  assert.deepEqual(await escrowOf(profile), []);
  const [there] = await rollbook.rows(
    `select (select count(*)::int from link l where l.source_system_id = p.source_system_id and l.active and l.source_id in ('S1P1', 'S1P2')) as pupils,
            (select count(*)::int from enrollment e where e.source_system_id = p.source_system_id and not e.active) as inactive
       from profile p where p.id = $1`,
    [profile],
  );
  assert.deepEqual(there, { pupils: 2, inactive: 0 }, 'and makes what the retry left');
});

test('the clock was set back after a sync: the retry is the latest run all the same', async () => {
  const profile = await unmatched('Clock set back', rosterWithUserNames({ schools: 1, students: 20 }), [3]);
  await rollbook.rows(`update run set created_at = now() + interval '1 hour' where profile_id = $1`, [
    profile,
  ]);
  await pass(profile, '6 hours');
  await retried(profile, 1);
  assert.deepEqual(
    (await runsOf(profile)).map(({ trigger }) => trigger),
    ['start', 'retry'],
  );
});

test('a retry ends nothing and asks nobody, though the profile always asks and its limits were lowered', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Asks nobody', roster, [2]);
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    applyPolicy: 'alwaysAsk',
    tolerance: 'strict',
    deactivationLimit: { percent: 0, count: 0 },
  });
  await importAccounts(rollbook, [roster.student[2] ?? {}]);
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  await pass(profile, '7 hours');
  await retried(profile, 1);
  const status = await client.settled(profile);
  assert.equal(status.status, 'success', status.statusMessage);
  assert.notDeepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);
});

test('after 28 days it is dropped: no attempt any more, one event, an open error until an upload brings it in', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Dropped', roster, [3, 5]);
  await pass(profile, '28 days');
  await retried(profile, 1);
  await client.settled(profile);
  assert.deepEqual(
    (await escrowOf(profile)).map(({ source_id, attempts, hours, dropped }) => [
      source_id,
      attempts,
      hours,
      dropped,
    ]),
    [
      ['S1P4', 2, null, true],
      ['S1P6', 2, null, true],
    ],
  );
  const events = await rollbook.rows(
    `select actor, detail from profile_event where profile_id = $1 and event = 'recordDropped'`,
    [profile],
  );
  assert.deepEqual(events, [
    { actor: 'rollbook', detail: { records: 2, byCode: { UnsynchronizableChange: 2 } } },
  ]);
  const status = await client.status(profile);
  assert.deepEqual([status.status, status.errorCount], ['error', 2]);
  const [error] = await client.all<Record<string, string>>(`${PROFILES}/${profile}/errors`);
  assert.match(String(error?.['errorMessage']), /not tried by itself any more: a new upload tries it again/);

  await importAccounts(rollbook, [roster.student[3] ?? {}]);
  const without = copyOf(roster);
  without.student.splice(5, 1);
  without.studentenrollment.splice(
    0,
    without.studentenrollment.length,
    ...without.studentenrollment.filter((row) => row['SIS ID'] !== 'S1P6'),
  );
  const next = await client.sync(profile, csvFiles(without));
  assert.deepEqual([next.status, next.errorCount], ['success', 0], next.statusMessage);
  assert.deepEqual(await escrowOf(profile), [], 'one was brought in, one is left out');
});

test('a paused profile: nothing is tried, and after 28 days its records are dropped all the same', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Paused', roster, [7]);
  await client.ok('POST', `${PROFILES}/${profile}/pause`);
  await pass(profile, '28 days');
  for (let attempt = 0; attempt < 2_400 && (await escrowOf(profile))[0]?.dropped !== true; attempt++)
    await wait(25);
  const [row] = await escrowOf(profile);
  assert.deepEqual([row?.attempts, row?.dropped], [1, true]);
  const events = await rollbook.rows(
    `select 1 from profile_event where profile_id = $1 and event = 'recordDropped'`,
    [profile],
  );
  assert.equal(events.length, 1);
  assert.deepEqual(
    (await runsOf(profile)).map(({ trigger }) => trigger),
    ['start'],
  );
  const [error] = await client.all<Record<string, string>>(`${PROFILES}/${profile}/errors`);
  assert.match(String(error?.['errorMessage']), /not tried by itself any more/);
});

test('a start that comes while a retry waits or executes takes its place or follows it; a held plan is left alone', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Start wins', roster, [1]);
  await client.upload(profile, csvFiles(roster));
  await pass(profile, '7 hours');
  const started = await client.start(profile);
  assert.equal(started.status, 200);
  await client.settled(profile);
  const runs = await runsOf(profile);
  assert.ok(
    runs.every(({ state }) => ['completed', 'superseded'].includes(state)),
    JSON.stringify(runs),
  );
  assert.equal(runs.filter(({ trigger }) => trigger === 'start').length, 2);

  const cut = copyOf(roster);
  cut.studentenrollment.length = 5;
  assert.equal((await client.sync(profile, csvFiles(cut))).status, 'validationError');
  const count = (await runsOf(profile)).length;
  await pass(profile, '48 hours');
  await wait(500);
  assert.equal((await runsOf(profile)).length, count, 'somebody has to decide first');
  assert.equal((await client.status(profile)).status, 'validationError');
});

test('a retry whose files do not pass any more ends by itself, and is not repeated at once', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 20 });
  const profile = await unmatched('Does not pass', roster, [1]);
  await rollbook.rows(
    `update profile set identity_configuration = jsonb_set(identity_configuration, '{matchingOptions,0,sourcePropertyName}', '"No such column"')
      where id = $1`,
    [profile],
  );
  await pass(profile, '7 hours');
  for (let attempt = 0; attempt < 2_400; attempt++) {
    if ((await runsOf(profile)).some(({ state }) => state === 'cancelled')) break;
    await wait(25);
  }
  await wait(300);
  assert.deepEqual(await runsOf(profile), [
    { trigger: 'start', state: 'completed' },
    { trigger: 'retry', state: 'cancelled' },
  ]);
  const [row] = await escrowOf(profile);
  assert.deepEqual([row?.attempts, row?.hours], [2, 24]);
  const status = await client.status(profile);
  assert.equal(status.status, 'error', status.statusMessage);
  assert.match(
    status.statusMessage,
    / A later run was given up, since the files of before do not pass any more: .*student\.csv/u,
  );
});
