/** Commands and runs that meet: nothing is lost or done twice, whatever comes between what. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { inTenant } from '#storage/database.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { copyOf, csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({
    retryDelaySeconds: 0.1,
    engine: { batchItems: 10 },
    settings: { RUN_CONCURRENCY: '4' },
  });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
/** A roster whose ids and user names nobody else uses. */
function ownRoster(size: Parameters<typeof smallRoster>[0] = { schools: 2, students: 60 }): SmallRoster {
  const roster = smallRoster(size);
  const prefix = `r${++made}-`;
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  return roster;
}

async function inMidApply(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt++) {
    const rows = await rollbook.rows(
      `select 1 from run where profile_id = $1 and state = 'applying' and applied_item_no > 0`,
      [profile],
    );
    if (rows.length > 0) return;
    await wait(2);
  }
  throw new Error('no run was met while it applied');
}

/** The directory as the roster says: nobody twice, nobody missing. */
async function assertHolds(roster: SmallRoster): Promise<void> {
  const prefix = `${String(roster.school[0]?.['SIS ID']).split('-')[0]}-%`;
  const [found] = await rollbook.rows(
    `select (select count(*)::int from account a join person p on p.id = a.person_id where a.user_name like $1 and p.active) as people,
            (select count(*)::int from class where external_id like $1 and active) as classes,
            (select count(*)::int from enrollment e join class c on c.id = e.class_id where c.external_id like $1 and e.active) as enrollments`,
    [prefix],
  );
  assert.deepEqual(found, {
    people: roster.student.length + roster.teacher.length,
    classes: roster.section.length,
    enrollments: roster.studentenrollment.length + roster.teacherroster.length,
  });
}

/** The same files once more: nothing to do, with the snapshot and without it. */
async function assertInStep(profile: string, roster: SmallRoster): Promise<void> {
  for (const remove of [false, true]) {
    if (remove) await rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
    assert.deepEqual(await changesOf(client, profile), {});
  }
}

test('paused in the middle of apply: it stops between two batches, and resume goes on to the same end', async () => {
  const profile = await client.createProfile({ displayName: 'Pause' });
  const roster = ownRoster();
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile);
  await inMidApply(profile);
  await client.ok('POST', `${PROFILES}/${profile}/pause`);
  await starting;
  assert.equal((await client.status(profile)).status, 'paused');
  for (let attempt = 0; attempt < 400; attempt++) {
    if ((await client.latestRun(profile)).state === 'suspended') break;
    await wait(20);
  }
  assert.equal((await client.latestRun(profile)).state, 'suspended');
  const [stopped] = await rollbook.rows('select applied_item_no as n from run where profile_id = $1', [
    profile,
  ]);
  await wait(300);
  assert.deepEqual(
    (await rollbook.rows('select applied_item_no as n from run where profile_id = $1', [profile]))[0],
    stopped,
  );
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  assert.equal((await client.settled(profile)).status, 'success');
  await assertHolds(roster);
  await assertInStep(profile, roster);
});

/** Waits until a statement like this waits for a lock. As rollbook_app, whose sessions it is about. */
async function lockIsAwaited(statement: string): Promise<void> {
  for (let attempt = 0; attempt < 4_000; attempt++) {
    const rows = await inTenant(rollbook.db, rollbook.tenantId, (tx) =>
      tx.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
        [statement],
      ),
    );
    if (rows.length > 0) return;
    await wait(5);
  }
  throw new Error(`nothing waits: ${statement}`);
}

/** The worker is in a batch while `meanwhile` happens. Then it sees that the profile is paused, and before it lets go of the run `instead` is committed. */
async function letGoOf(
  profile: string,
  starting: Promise<unknown>,
  meanwhile: () => Promise<unknown>,
  instead: (statement: (sql: string) => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  await inMidApply(profile);
  const counter = await rollbook.db.owner.connect();
  const row = await rollbook.db.owner.connect();
  try {
    await counter.query('begin; select 1 from tenant_counter for update');
    await lockIsAwaited('update tenant_counter%');
    await meanwhile();
    await row.query('begin');
    await row.query('select 1 from profile where id = $1 for no key update', [profile]);
    await counter.query('commit');
    await lockIsAwaited('%from profile p join tenant%for no key update%');
    await instead((sql) => row.query(sql, [profile]));
    await row.query('commit');
  } finally {
    counter.release(true);
    row.release(true);
  }
  await starting;
}

async function askToCancel(statement: (sql: string) => Promise<unknown>): Promise<void> {
  await statement(
    `insert into run_event (tenant_id, id, run_id, event, state, actor)
     select tenant_id, gen_random_uuid(), id, 'cancelRequested', state, 'test' from run where profile_id = $1`,
  );
  await statement('update run set cancel_requested = true where profile_id = $1');
}

/** Long before the lease of its worker would be over. */
async function isCancelled(profile: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if ((await client.latestRun(profile)).state === 'cancelled') break;
    await wait(20);
  }
  assert.equal((await client.latestRun(profile)).state, 'cancelled');
}

test('paused and resumed before the worker has let go: the run goes on by itself', async () => {
  const profile = await client.createProfile({ displayName: 'Quick pause' });
  const roster = ownRoster();
  await client.upload(profile, csvFiles(roster));
  await letGoOf(
    profile,
    client.start(profile),
    () => client.ok('POST', `${PROFILES}/${profile}/pause`),
    (statement) => statement('update profile set paused_at = null, paused_because = null where id = $1'),
  );
  assert.equal((await client.settled(profile)).status, 'success');
  await assertHolds(roster);
  await assertInStep(profile, roster);
});

test('paused, then cancelled before the worker has let go: the run is cancelled, long before its lease would be over', async () => {
  const profile = await client.createProfile({ displayName: 'Paused and cancelled' });
  const roster = ownRoster();
  await client.upload(profile, csvFiles(roster));
  await letGoOf(
    profile,
    client.start(profile),
    () => client.ok('POST', `${PROFILES}/${profile}/pause`),
    askToCancel,
  );
  await isCancelled(profile);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await assertHolds(roster);
});

test('a batch breaks off, and the run is cancelled before the worker has noted it: it is cancelled at once', async () => {
  const profile = await client.createProfile({ displayName: 'Broken and cancelled' });
  const roster = ownRoster();
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile);
  await inMidApply(profile);
  const counter = await rollbook.db.owner.connect();
  const row = await rollbook.db.owner.connect();
  try {
    await counter.query('begin; select 1 from tenant_counter for update');
    await lockIsAwaited('update tenant_counter%');
    await row.query('begin');
    await row.query('select 1 from profile where id = $1 for no key update', [profile]);
    await inTenant(rollbook.db, rollbook.tenantId, (tx) =>
      tx.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and query like 'update tenant_counter%'`,
      ),
    );
    await lockIsAwaited('%from profile p join tenant%for no key update%');
    await askToCancel((sql) => row.query(sql, [profile]));
    await row.query('commit');
  } finally {
    counter.release(true);
    row.release(true);
  }
  await starting;
  await isCancelled(profile);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await assertHolds(roster);
});

for (const command of ['reset', 'delete'] as const) {
  test(`${command} in the middle of apply: the run stops between two batches, and the next sync repairs all`, async () => {
    const displayName = `Stopped by ${command}`;
    let profile = await client.createProfile({ displayName });
    const roster = ownRoster();
    await client.upload(profile, csvFiles(roster));
    const starting = client.start(profile);
    await inMidApply(profile);
    if (command === 'reset') await client.ok('POST', `${PROFILES}/${profile}/reset`);
    else await client.ok('DELETE', `${PROFILES}/${profile}`);
    await starting;
    for (let attempt = 0; attempt < 200; attempt++) {
      const rows = await rollbook.rows(`select 1 from run where profile_id = $1 and state <> 'cancelled'`, [
        profile,
      ]);
      if (rows.length === 0) break;
      await wait(20);
    }
    const states = await rollbook.rows('select state from run where profile_id = $1', [profile]);
    assert.deepEqual(states, [{ state: 'cancelled' }], 'long before a lease would be over');
    if (command === 'delete') profile = await client.createProfile({ displayName });
    const end = await client.sync(profile, csvFiles(roster));
    assert.equal(end.status, 'success', end.statusMessage);
    await assertHolds(roster);
    await assertInStep(profile, roster);
  });
}

test('many starts in a row: one run at a time, the newest upload wins, the others say that they were replaced', async () => {
  const profile = await client.createProfile({ displayName: 'Impatient' });
  const roster = ownRoster();
  const starts: Promise<unknown>[] = [];
  for (let round = 1; round <= 6; round++) {
    roster.student[0] = { ...roster.student[0], 'Last Name': `Round ${round}` };
    await client.upload(profile, csvFiles(roster));
    starts.push(client.start(profile));
    await wait(round * 15);
    // Until the upload is sealed, the next uploadUrl would be the same drop.
    for (;;) {
      const [row] = await rollbook.rows('select count(*)::int as n from run where profile_id = $1', [
        profile,
      ]);
      if (row?.['n'] === round) break;
      await wait(5);
    }
  }
  await Promise.all(starts);
  assert.equal((await client.settled(profile)).status, 'success');
  const events = await rollbook.rows(
    `select e.run_id, e.event, e.state from run_event e join run r on r.id = e.run_id where r.profile_id = $1 order by e.at, e.id`,
    [profile],
  );
  const executing = new Set<unknown>();
  for (const { run_id: run, state } of events) {
    if (['staging', 'planning', 'applying'].includes(String(state))) executing.add(run);
    else executing.delete(run);
    assert.ok(executing.size <= 1, 'two runs of one profile at once');
  }
  const states = await rollbook.rows('select state from run where profile_id = $1 order by created_at', [
    profile,
  ]);
  assert.equal(states.length, 6);
  assert.equal(states.at(-1)?.['state'], 'completed');
  for (const { state } of states) assert.match(String(state), /completed|superseded/);
  const surnames = await rollbook.rows(
    `select p.surname from person p join account a on a.person_id = p.id where a.user_name like $1`,
    [`${String(roster.student[0]?.['Username'])}@%`],
  );
  assert.deepEqual(surnames, [{ surname: 'Round 6' }]);
  await assertHolds(roster);
});

test('runs of several profiles overlap, with users made by hand between them: all are right, and change_seq has no gaps', async () => {
  const rosters = [1, 2, 3].map(() => ownRoster());
  const profiles = await Promise.all(
    rosters.map((_, i) => client.createProfile({ displayName: `Beside ${i}` })),
  );
  const [first] = await rollbook.rows('select change_seq::int as seq from tenant_counter');
  const ends = Promise.all(
    profiles.map((profile, i) => client.sync(profile, csvFiles(rosters[i] as SmallRoster))),
  );
  let users = 0;
  let done = false;
  void ends.finally(() => (done = true)).catch(() => undefined);
  while (!done) {
    users += 1;
    await client.ok('POST', '/v1.0/education/users', {
      accountEnabled: true,
      displayName: 'Made by hand',
      mailNickname: `hand${users}`,
      passwordProfile: { password: 'Start#2026' },
      userPrincipalName: `hand${users}@contoso.example`,
    });
  }
  for (const { status, statusMessage } of await ends) assert.equal(status, 'success', statusMessage);
  for (const roster of rosters) await assertHolds(roster);
  const spans = await rollbook.rows(
    `select started_at, finished_at from run where profile_id = any($1::uuid[]) order by started_at`,
    [profiles],
  );
  assert.ok(Number(spans[1]?.['started_at']) < Number(spans[0]?.['finished_at']), 'they overlap');
  const [last] = await rollbook.rows('select change_seq::int as seq from tenant_counter');
  const seqs = await rollbook.rows(
    `select distinct change_seq::int as seq from (select change_seq from org union all select change_seq from class
       union all select change_seq from course union all select change_seq from academic_session union all select change_seq from person
       union all select change_seq from role union all select change_seq from enrollment) all_rows where change_seq > $1 order by 1`,
    [first?.['seq']],
  );
  assert.equal(seqs.length, Number(last?.['seq']) - Number(first?.['seq']));
  assert.ok(users > 0);
});

test('the connection of the stage is ended by an administrator of PostgreSQL: the run breaks, is tried again and ends right', async () => {
  const profile = await client.createProfile({ displayName: 'Stage ended' });
  const roster = ownRoster({ schools: 2, students: 200 });
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile);
  for (let attempt = 0; attempt < 5_000; attempt++) {
    const { rows: ended } = await rollbook.db.app.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name like 'rollbook stage %' and datname = current_database()`,
    );
    if (ended.length > 0) break;
    await wait(1);
  }
  await starting;
  for (let attempt = 0; attempt < 1_200 && (await client.status(profile)).status !== 'success'; attempt++)
    await wait(50);
  const events = await rollbook.rows(
    `select e.event, e.detail ->> 'code' as code from run_event e join run r on r.id = e.run_id
      where r.profile_id = $1 and e.event in ('broke', 'appliedAll') order by e.at`,
    [profile],
  );
  assert.deepEqual(events, [
    { event: 'broke', code: 'DatabaseUnavailable' },
    { event: 'appliedAll', code: null },
  ]);
  const counts = await rollbook.rows('select broken_runs, quarantined_at from profile where id = $1', [
    profile,
  ]);
  assert.deepEqual(counts, [{ broken_runs: 0, quarantined_at: null }]);
  await assertHolds(roster);
});

test('a snapshot folder that cannot be written or read costs time and nothing else', async () => {
  const folder = join(rollbook.dataDir, 'snapshots', rollbook.tenantId);
  const profile = await client.createProfile({ displayName: 'Disk trouble' });
  const roster = ownRoster({ schools: 1, students: 12 });
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(rollbook.dataDir, 'snapshots'), { recursive: true });
  // A file in the place of the folder: no user, not even root, gets past it.
  await writeFile(folder, '');
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await rm(folder);
  await assertHolds(roster);
  await assertInStep(profile, roster);
  for (const name of await readdir(folder)) {
    await rm(join(folder, name));
    await mkdir(join(folder, name, 'full'), { recursive: true });
  }
  roster.student.pop();
  roster.studentenrollment.splice(-2);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await assertHolds(roster);
  await rm(folder, { recursive: true });
  await assertInStep(profile, roster);
});

test('unmatched people, then their accounts, then the same files: everything arrives', async () => {
  const profile = await client.createProfile({
    displayName: 'Later accounts',
    match: { property: 'userPrincipalName', source: 'Username' },
  });
  const roster = ownRoster({ schools: 1, students: 6 });
  const people = [...roster.student, ...roster.teacher];
  for (const person of people) person['Username'] = `${person['Username']}@later.example`;
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'error');
  assert.equal(first.errorCount, people.length);
  for (const person of people)
    await client.ok('POST', '/v1.0/education/users', {
      accountEnabled: true,
      displayName: 'Later',
      mailNickname: String(person['Username']).split('@')[0],
      passwordProfile: { password: 'Start#2026' },
      userPrincipalName: person['Username'],
    });
  const second = await client.sync(profile, csvFiles(roster));
  assert.equal(second.status, 'success', second.statusMessage);
  await assertHolds(roster);
  await assertInStep(profile, roster);
});

test('settings that change every record: a new domain renames everybody, once', async () => {
  const profile = await client.createProfile({ displayName: 'New domain' });
  const roster = ownRoster({ schools: 1, students: 6 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
  await client.ok('PATCH', `${PROFILES}/${profile}`, {
    identitySynchronizationConfiguration: {
      '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
      userDomains: [
        { appliesTo: 'student', name: 'new.example' },
        { appliesTo: 'teacher', name: 'new.example' },
      ],
    },
  });
  for (let attempt = 0; attempt < 200; attempt++) {
    const { state } = await client.ok<{ state: string }>('GET', `${PROFILES}/${profile}`);
    if (state === 'provisioned') break;
    await wait(25);
  }
  const end = await client.sync(profile, csvFiles(roster));
  assert.equal(end.status, 'success', end.statusMessage);
  const names = await rollbook.rows('select 1 from account where user_name like $1', [
    `${String(roster.school[0]?.['SIS ID']).split('-')[0]}-%@new.example`,
  ]);
  assert.equal(names.length, roster.student.length + roster.teacher.length);
  assert.equal((await dumpDirectory(rollbook.db, rollbook.tenantId)).length, before.length);
  await assertInStep(profile, roster);
});

test('a held plan is applied exactly; a waived tolerance is for one upload', async () => {
  const profile = await client.createProfile({ displayName: 'Held' });
  const roster = ownRoster({ schools: 2, students: 60 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const fewer = copyOf(roster);
  const gone = new Set(fewer.student.splice(0, 40).map((row) => row['SIS ID']));
  fewer.studentenrollment.splice(
    0,
    fewer.studentenrollment.length,
    ...fewer.studentenrollment.filter((row) => !gone.has(row['SIS ID'])),
  );
  assert.equal((await client.sync(profile, csvFiles(fewer))).status, 'validationError');
  const [plan] = await rollbook.rows(
    `select id, counts -> 'kinds' -> 'student' ->> 'held' as held from run where profile_id = $1 order by created_at desc limit 1`,
    [profile],
  );
  assert.equal(plan?.['held'], '40');
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  assert.equal((await client.settled(profile)).status, 'success');
  await assertHolds(fewer);
  await assertInStep(profile, fewer);

  const bad = copyOf(fewer);
  for (const row of bad.student.slice(0, 20)) row['First Name'] = '';
  for (let upload = 0; upload < 2; upload++) {
    await client.upload(profile, csvFiles(bad));
    assert.equal((await client.start(profile)).status, 400, `upload ${upload}: the tolerance counts`);
    await client.ok('POST', `${PROFILES}/${profile}/resume`);
    const end = await client.settled(profile);
    assert.equal(end.status, 'error');
    assert.equal(end.errorCount, 20);
    await assertHolds(fewer);
  }
  await assertInStep(profile, fewer);
});
