/** What follows the expiration of a profile: the plan that waits, the marked classes, and the year after. docs/guide/scheduling.md. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';
const EXPIRED_ON = '2026-06-30';
const PREFIX = 'Exp0626_';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({
    settings: { UPLOAD_QUIET_SECONDS: '1' },
    engine: { leaseSeconds: 2, batchItems: 2 },
  });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

const dump = (): Promise<string[]> => dumpDirectory(rollbook.db, rollbook.tenantId);
const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);

let made = 0;
/** A roster whose ids and user names no other test of this file uses. */
function ownRoster(): SmallRoster {
  const prefix = `x${++made}-`;
  const roster = smallRoster({ schools: 2, sections: 2, students: 4 });
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  return roster;
}

/** A profile that has synced, with what is to follow its expiration. */
async function syncedProfile(
  displayName: string,
  onExpiration: string,
): Promise<{ profile: string; roster: SmallRoster }> {
  const profile = await client.createProfile({ displayName });
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { schedule: { onExpiration } });
  const roster = ownRoster();
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  return { profile, roster };
}

const moveDate = (profile: string, expirationDate: string | null): Promise<unknown> =>
  client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate });

interface Run {
  readonly id: string;
  readonly state: string;
  readonly trigger: string;
  readonly requested_by: string;
  readonly error_code: string | null;
  readonly message: string | null;
}

const expirationsOf = async (profile: string): Promise<Run[]> =>
  (await rollbook.rows(
    `select id, state, trigger, requested_by, error_code, message from run
      where profile_id = $1 and trigger = 'expiration' order by created_at`,
    [profile],
  )) as unknown as Run[];

async function expirationIs(profile: string, state: string, number = 1): Promise<Run> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const run = (await expirationsOf(profile))[number - 1];
    if (run?.state === state) return run;
    await wait(50);
  }
  throw new Error(`no run of an expiration is ${state}: ${JSON.stringify(await expirationsOf(profile))}`);
}

/** Waits until the scheduler has noticed the expiration and looked once more. */
async function noticed(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const { expiredOn } = await client.ok<{ expiredOn: string | null }>(
      'GET',
      `/api/v1/profiles/${profile}/schedule`,
    );
    if (expiredOn !== null) break;
    await wait(50);
  }
  await looks();
}

/** Time enough for the scheduler to look again: it does every second here. */
const looks = (): Promise<void> => wait(2_000);

async function expire(profile: string, date = EXPIRED_ON): Promise<Run> {
  await moveDate(profile, date);
  return expirationIs(profile, 'held');
}

interface ClassRow {
  readonly id: string;
  readonly external_id: string;
  readonly display_name: string;
  readonly mail_nickname: string;
  readonly status: string | null;
  readonly school: string;
  readonly course: string;
  readonly term: string;
  readonly students: number;
  readonly teachers: number;
}

/** The active classes whose id ends so, and who is in them. */
async function classesOf(roster: SmallRoster): Promise<ClassRow[]> {
  const ids = roster.section.map((row) => `%${String(row['SIS ID'])}`);
  return (await rollbook.rows(
    `select c.id, c.external_id, c.display_name, c.mail_nickname, c.attributes ->> 'status' as status,
            (select g.external_id from org g where g.id = c.org_id) as school,
            (select k.external_id from course k where k.id = c.course_id) as course,
            (select s.external_id from academic_session s where s.id = c.academic_session_id) as term,
            (select count(*)::int from enrollment e where e.class_id = c.id and e.active and e.role = 'student') as students,
            (select count(*)::int from enrollment e where e.class_id = c.id and e.active and e.role = 'teacher') as teachers
       from class c where c.external_id like any($1) and c.active order by c.external_id`,
    [ids],
  )) as unknown as ClassRow[];
}

test('the plan waits for an approval; then classes are marked, students ended, teachers kept; and the year after begins anew', async () => {
  const { profile, roster } = await syncedProfile('Whole year', 'expireClassesAndEndStudents');
  const [byHand, long] = await classesOf(roster);
  await rollbook.rows(`update class set display_name = 'Bees', version = version + 1 where id = $1`, [
    byHand?.id,
  ]);
  await rollbook.rows(`update class set mail_nickname = $2 where id = $1`, [
    long?.id,
    `Section_${'y'.repeat(56)}`,
  ]);
  const before = await classesOf(roster);
  const directory = await dump();
  const { lastActivityDateTime } = await client.status(profile);

  const run = await expire(profile);
  assert.deepEqual([run.requested_by, run.error_code], ['rollbook', 'ApprovalNeeded']);
  const enrolled = before.reduce((sum, { students }) => sum + students, 0);
  assert.equal(enrolled, 16);
  assert.equal(
    run.message,
    `4 classes would be marked as expired and 16 enrollments of students ended, since the profile expired on ${EXPIRED_ON}`,
  );
  const waiting = await client.status(profile);
  assert.equal(waiting.status, 'paused');
  assert.match(waiting.statusMessage, /expired on 2026-06-30.*4 classes would be marked/u);
  assert.ok(waiting.statusMessage.includes(`rollbook approve ${run.id}`), waiting.statusMessage);
  assert.deepEqual(await dump(), directory, 'nothing is changed before the approval');
  const [notice] = await rollbook.rows('select event, payload from notice where run_id = $1', [run.id]);
  assert.equal(notice?.['event'], 'held');

  const shown = await cli('plan', profile, '--run', run.id, '--items', '--kind', 'class');
  assert.match(shown.stdout, /update class .*profileExpired/u);
  const resumed = await client.call('POST', `${PROFILES}/${profile}/resume`);
  assert.equal(resumed.status, 409, 'a script that resumes whatever waits approves nothing of this');
  const approved = await cli('approve', run.id);
  assert.equal(approved.exitCode, 0, approved.stderr + approved.stdout);
  const done = await expirationIs(profile, 'completed');
  assert.match(String(done.message), /"Whole year \(expired 2026-06\)"/u);

  const marked = await classesOf(roster);
  const expected = before.map((row) => ({
    ...row,
    external_id: PREFIX + row.external_id,
    display_name: PREFIX + row.display_name,
    mail_nickname: (PREFIX + row.mail_nickname).slice(0, 64),
    status: 'Expired',
    students: 0,
  }));
  assert.deepEqual(marked, expected);
  assert.equal(marked[0]?.display_name, `${PREFIX}Bees`, 'the name given by hand stays');
  assert.equal(marked[1]?.mail_nickname.length, 64);
  const status = await client.status(profile);
  assert.equal(status.status, 'paused');
  assert.equal(status.lastActivityDateTime, lastActivityDateTime, 'the source has not changed');
  await looks();
  assert.equal((await expirationsOf(profile)).length, 1, 'once for each date');
  const [open] = await rollbook.rows(`select 1 from notice where run_id = $1 and closed_at is null`, [
    run.id,
  ]);
  assert.equal(open, undefined);

  // The year after: the same section ids, other members; one section is gone.
  await moveDate(profile, '2100-01-01');
  await provisioned(profile);
  const next = copyOf(roster);
  next.section.pop();
  const ids = new Set(next.section.map((row) => row['SIS ID']));
  for (const rows of [next.studentenrollment, next.teacherroster])
    rows.splice(0, Infinity, ...rows.filter((row) => ids.has(row['Section SIS ID'])));
  next.teacherroster.splice(0, 1);
  const synced = await client.sync(profile, csvFiles(next));
  assert.equal(synced.status, 'success', synced.statusMessage);
  const { class: classes, student } = await changesOf(client, profile);
  assert.deepEqual([classes, student], [{ created: 3 }, undefined]);
  const all = await classesOf(roster);
  assert.deepEqual(
    all.filter(({ external_id: id }) => id.startsWith('Exp')),
    expected,
    'last year stays as it is, with its teachers',
  );
  const fresh = all.filter(({ external_id: id }) => !id.startsWith('Exp'));
  assert.equal(fresh.length, 3);
  assert.ok(fresh.every(({ id }) => !marked.some((old) => old.id === id)));
  assert.deepEqual(
    fresh.map(({ teachers }) => teachers),
    [0, 1, 1],
  );
  await client.sync(profile, csvFiles(next));
  assert.deepEqual(await changesOf(client, profile), {}, 'the same files once more change nothing');
});

async function provisioned(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const { state } = await client.ok<{ state: string }>('GET', `${PROFILES}/${profile}`);
    if (state === 'provisioned') return;
    await wait(25);
  }
  throw new Error('not provisioned');
}

test('students stay where only classes expire, also when next year leaves some of them out', async () => {
  const { profile, roster } = await syncedProfile('Keeps students', 'expireClasses');
  const before = await classesOf(roster);
  const run = await expire(profile);
  assert.match(String(run.message), /^4 classes would be marked as expired, since/u);
  await client.ok('POST', `/api/v1/runs/${run.id}/approve`);
  await expirationIs(profile, 'completed');
  const marked = await classesOf(roster);
  assert.deepEqual(
    marked.map(({ students, teachers }) => [students, teachers]),
    before.map(({ students, teachers }) => [students, teachers]),
  );
  await moveDate(profile, null);
  await provisioned(profile);
  const next = copyOf(roster);
  next.studentenrollment.splice(0, 5);
  await client.sync(profile, csvFiles(next));
  const after = await classesOf(roster);
  assert.equal(after.length, 8);
  assert.deepEqual(
    after.filter(({ external_id: id }) => id.startsWith('Exp')),
    marked,
  );

  // Nobody takes the archive over: not by its name, not by its id.
  const [archive] = await rollbook.rows(
    `select id, name from source_system where expired_on = $1 and name like 'Keeps%'`,
    [EXPIRED_ON],
  );
  const taker = await client.createProfile({ displayName: String(archive?.['name']) });
  const settings = await client.ok<{ sourceSystemId: string }>('GET', `/api/v1/profiles/${taker}/settings`);
  assert.notEqual(settings.sourceSystemId, archive?.['id']);
  const taken = await client.call('PATCH', `/api/v1/profiles/${taker}/settings`, {
    sourceSystemId: archive?.['id'],
  });
  assert.equal(taken.status, 409);
});

test("with 'keep' nothing follows, until somebody decides otherwise", async () => {
  const { profile, roster } = await syncedProfile('Kept', 'keep');
  const before = await classesOf(roster);
  await moveDate(profile, EXPIRED_ON);
  await noticed(profile);
  assert.deepEqual(await expirationsOf(profile), []);
  assert.deepEqual(await classesOf(roster), before);
  const set = await cli('schedule', '--profile', 'Kept', '--on-expiration', 'expireClasses');
  assert.equal(set.exitCode, 0, set.stderr);
  await expirationIs(profile, 'held');
});

test('rejected: nothing is changed, and nobody is asked again; a plan that waits falls with its date', async () => {
  const { profile, roster } = await syncedProfile('Rejected', 'expireClassesAndEndStudents');
  const before = await classesOf(roster);
  const run = await expire(profile);
  await client.ok('POST', `/api/v1/runs/${run.id}/reject`, { note: 'Not yet' });
  await looks();
  assert.deepEqual(
    (await expirationsOf(profile)).map(({ state }) => state),
    ['rejected'],
  );
  assert.match((await client.status(profile)).statusMessage, /was rejected: Not yet/u);

  await moveDate(profile, '2026-07-31');
  const second = await expirationIs(profile, 'held', 2);
  assert.match(String(second.message), /2026-07-31$/u);
  await moveDate(profile, '2100-01-01');
  await expirationIs(profile, 'cancelled', 2);
  const late = await client.call('POST', `/api/v1/runs/${second.id}/approve`);
  assert.equal(late.status, 409);
  assert.deepEqual(await classesOf(roster), before);
  const [open] = await rollbook.rows(`select 1 from notice where run_id = $1 and closed_at is null`, [
    second.id,
  ]);
  assert.equal(open, undefined);
  await provisioned(profile);
  await client.sync(profile, csvFiles(roster));
  assert.deepEqual(await changesOf(client, profile), {});
});

test('while the profile is paused, nothing is planned; a pause of the approved run is no end of it', async () => {
  const { profile, roster } = await syncedProfile('Paused', 'expireClasses');
  await client.ok('POST', `${PROFILES}/${profile}/pause`);
  await moveDate(profile, EXPIRED_ON);
  await noticed(profile);
  assert.deepEqual(await expirationsOf(profile), []);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  const run = await expirationIs(profile, 'held');
  // The approved run waits for the end of a blackout window, and is paused there.
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const schedule = { onExpiration: 'expireClasses', blackout: [{ from: day(-2), to: day(2) }] };
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { schedule });
  await client.ok('POST', `/api/v1/runs/${run.id}/approve`);
  await client.ok('POST', `${PROFILES}/${profile}/pause`);
  await expirationIs(profile, 'suspended');
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    schedule: { onExpiration: 'expireClasses' },
  });
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  await expirationIs(profile, 'completed');
  assert.equal((await classesOf(roster)).filter(({ status }) => status === 'Expired').length, 4);
});

test('a sync that was on its way does not begin any more, and keeps no plan from being made; with a later date a resume lets it go on', async () => {
  const { profile, roster } = await syncedProfile('On its way', 'expireClasses');
  const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const settings = `/api/v1/profiles/${profile}/settings`;
  const blackout = [{ from: day(-2), to: day(30) }];
  await client.ok('PATCH', settings, { schedule: { onExpiration: 'expireClasses', blackout } });
  const renamed = copyOf(roster);
  renamed.section[0] = { ...renamed.section[0], 'Section Name': 'Renamed' };
  await client.upload(profile, csvFiles(renamed));
  const starting = client.start(profile);
  const stateOfSync = async (): Promise<unknown> =>
    (
      await rollbook.rows(
        `select state from run where profile_id = $1 and trigger = 'start' order by created_at desc limit 1`,
        [profile],
      )
    )[0]?.['state'];
  const syncIs = async (state: string): Promise<void> => {
    for (let attempt = 0; attempt < 1_200 && (await stateOfSync()) !== state; attempt += 1) await wait(50);
    assert.equal(await stateOfSync(), state);
  };
  await syncIs('queued');
  await moveDate(profile, EXPIRED_ON);
  // Long before the window is over, and before somebody takes it away.
  await syncIs('suspended');
  await starting;
  await client.ok('PATCH', settings, { schedule: { onExpiration: 'expireClasses' } });
  await expirationIs(profile, 'held');
  assert.equal(await stateOfSync(), 'suspended');
  assert.match((await client.status(profile)).statusMessage, /expired on .* would be marked as expired/u);
  await moveDate(profile, day(100));
  await provisioned(profile);
  await expirationIs(profile, 'cancelled');
  assert.equal(await stateOfSync(), 'suspended');
  const before = await client.status(profile);
  assert.equal(before.status, 'paused', before.statusMessage);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.ok((await classesOf(roster)).some(({ display_name: name }) => name === 'Renamed'));
});

test('a worker that dies between the approval and the end: another one comes to the same end', async () => {
  const calm = await syncedProfile('Calm', 'expireClassesAndEndStudents');
  const harsh = await syncedProfile('Harsh', 'expireClassesAndEndStudents');
  /** Without what differs between the two. */
  const shape = async (roster: SmallRoster): Promise<unknown[]> =>
    (await classesOf(roster)).map((row) =>
      JSON.parse(JSON.stringify({ ...row, id: '' }).replaceAll(/x\d+-/gu, '')),
    );
  const run = await expire(calm.profile);
  await client.ok('POST', `/api/v1/runs/${run.id}/approve`);
  await expirationIs(calm.profile, 'completed');

  const deadly = await expire(harsh.profile);
  await rollbook.rows(
    `create function die() returns trigger language plpgsql as $$ begin raise 'dead'; end $$`,
  );
  const deaths = [
    `on enrollment for each row when (not new.active)`,
    `on source_system for each row when (new.name like 'Harsh%')`,
  ];
  // Once while the places of students end, and once in the transaction that archives the classes.
  await rollbook.rows(`create trigger die before update ${deaths[0]} execute function die()`);
  await client.ok('POST', `/api/v1/runs/${deadly.id}/approve`);
  await dead(harsh.profile);
  await rollbook.rows('drop trigger die on enrollment');
  await rollbook.rows(`create trigger die before insert ${deaths[1]} execute function die()`);
  await claimable(deadly.id);
  await dead(harsh.profile);
  const [part] = await classesOf(harsh.roster);
  assert.ok(part?.display_name.startsWith(PREFIX) && !part.external_id.startsWith(PREFIX));
  await rollbook.rows('drop trigger die on source_system');
  await rollbook.rows('drop function die');
  await claimable(deadly.id);
  await expirationIs(harsh.profile, 'completed');
  assert.deepEqual(await shape(harsh.roster), await shape(calm.roster));
  const archives = await rollbook.rows(`select 1 from source_system where name like 'Harsh (%'`);
  assert.equal(archives.length, 1);
});

test('cancelled half way: the next sync gives the classes their names back, and the students their places', async () => {
  const { profile, roster } = await syncedProfile('Half way', 'expireClassesAndEndStudents');
  const before = await classesOf(roster);
  const run = await expire(profile);
  await rollbook.rows(
    `create function die() returns trigger language plpgsql as $$ begin raise 'dead'; end $$`,
  );
  await rollbook.rows(
    `create trigger die before insert on source_system for each row when (new.name like 'Half way (%') execute function die()`,
  );
  await client.ok('POST', `/api/v1/runs/${run.id}/approve`);
  await expirationIs(profile, 'broken');
  await rollbook.rows('drop trigger die on source_system');
  await rollbook.rows('drop function die');
  assert.notDeepEqual(await classesOf(roster), before);
  await client.ok('POST', `/api/v1/runs/${run.id}/cancel`);
  await moveDate(profile, null);
  await provisioned(profile);
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'success', status.statusMessage);
  assert.deepEqual(await classesOf(roster), before);
});

async function dead(profile: string): Promise<void> {
  await expirationIs(profile, 'broken');
  const archives = await rollbook.rows(`select 1 from source_system where name like 'Harsh (%'`);
  assert.deepEqual(archives, []);
}

/** What a process that was killed leaves: a lease that nobody renews. */
async function claimable(runId: string): Promise<void> {
  await rollbook.rows(
    `update run set state = 'applying', lease_owner = 'dead', lease_expires_at = now(), next_attempt_at = null where id = $1`,
    [runId],
  );
}
