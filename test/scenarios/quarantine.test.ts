/** How a profile comes into quarantine, what it does there, and how it leaves. */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { importAccounts, rosterWithUserNames } from '#test/helpers/accounts.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type SmallRoster } from '#test/helpers/small-roster.ts';
import { type ProfileStatusAnswer, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ retryDelaySeconds: 0.05, engine: { retrySweepSeconds: 0.05 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

async function reached(profile: string, wanted: string): Promise<ProfileStatusAnswer> {
  let status = await client.status(profile);
  for (let attempt = 0; attempt < 2_400 && status.status !== wanted; attempt++) {
    await wait(25);
    status = await client.status(profile);
  }
  assert.equal(status.status, wanted, status.statusMessage);
  return status;
}

interface Quarantine {
  quarantined: boolean;
  reason: string | null;
  remedy: string | null;
  firstAt: string | null;
  lastAt: string | null;
  nextAttemptAt: string | null;
  count: number;
  note: string | null;
  by: string | null;
}
const quarantineOf = (profile: string): Promise<Quarantine> =>
  client.ok('GET', `/api/v1/profiles/${profile}/quarantine`);

async function eventsOf(profile: string): Promise<unknown[]> {
  const rows = await rollbook.rows(
    `select event, detail ->> 'reason' as reason from profile_event
      where profile_id = $1 and event in ('quarantined', 'quarantineLeft', 'disabled') order by at, id`,
    [profile],
  );
  return rows.map(({ event, reason }) => `${String(event)} ${String(reason)}`);
}

/** Else the verdict asks before so many people without an account are let pass, and before a school grows by so many at once. */
async function letUnmatchedPass(profile: string): Promise<void> {
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    unmatchedLimit: { percent: 100, count: 0 },
    limits: [{ scope: 'school', action: 'create', percent: 1_000, count: 500 }],
  });
}

/** A profile that matches, in quarantine since a second upload with pupils nobody has accounts for. */
async function quarantinedByShare(displayName: string): Promise<{ profile: string; roster: SmallRoster }> {
  const roster = rosterWithUserNames({ schools: 1, students: 60 });
  await importAccounts(rollbook, [...roster.teacher, ...roster.student.slice(0, 10)]);
  const profile = await client.createProfile({
    displayName,
    match: { property: 'userPrincipalName', source: 'Username' },
  });
  await letUnmatchedPass(profile);
  const few = {
    ...roster,
    student: roster.student.slice(0, 10),
    studentenrollment: roster.studentenrollment.slice(0, 20),
  };
  assert.equal((await client.sync(profile, csvFiles(few))).status, 'success');
  const status = await client.sync(profile, csvFiles(roster));
  assert.equal(status.status, 'quarantined', status.statusMessage);
  return { profile, roster };
}

test('most accounts are missing after a good sync: quarantined by the share of records; out on the first run below', async () => {
  const { profile, roster } = await quarantinedByShare('By share');
  const status = await client.status(profile);
  assert.equal(status.errorCount, 50);
  assert.match(
    status.statusMessage,
    /EncounteredEscrowProportionThreshold.*more than 40 %.*Next attempt: 20.*Read the errors/u,
  );
  const first = await quarantineOf(profile);
  assert.deepEqual(
    [first.quarantined, first.reason, first.count, first.firstAt === first.lastAt],
    [true, 'EncounteredEscrowProportionThreshold', 1, true],
  );

  const again = await client.sync(profile, csvFiles(roster));
  assert.equal(again.status, 'quarantined', 'a start tries at once, and does not help');
  const second = await quarantineOf(profile);
  assert.deepEqual([second.count, second.firstAt], [2, first.firstAt]);
  assert.notEqual(second.lastAt, first.lastAt);

  await importAccounts(rollbook, roster.student);
  await rollbook.rows(`update escrow set next_attempt_at = now() where profile_id = $1`, [profile]);
  await wait(400);
  assert.equal((await client.latestRun(profile)).state, 'completed');
  assert.equal(
    (await client.status(profile)).status,
    'quarantined',
    'it is due, and has its turn once a day',
  );
  await rollbook.rows(`update profile set quarantine_next_attempt_at = now() where id = $1`, [profile]);
  const end = await reached(profile, 'success');
  assert.equal(end.errorCount, 0);
  assert.deepEqual(await eventsOf(profile), [
    'quarantined EncounteredEscrowProportionThreshold',
    'quarantineLeft EncounteredEscrowProportionThreshold',
  ]);
  assert.equal((await quarantineOf(profile)).quarantined, false);
});

test('a resume tries what is in escrow at once', async () => {
  const { profile, roster } = await quarantinedByShare('Resumed');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  await client.settled(profile);
  assert.equal((await client.status(profile)).status, 'quarantined', 'nothing was repaired');
  await importAccounts(rollbook, roster.student);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  await reached(profile, 'success');
});

test('a first sync with most accounts missing is judged by the share, too; a few missing ones are errors', async () => {
  const roster = rosterWithUserNames({ schools: 1, students: 60 });
  await importAccounts(rollbook, [...roster.teacher, ...roster.student.slice(0, 40)]);
  const match = { property: 'userPrincipalName', source: 'Username' };
  const profile = await client.createProfile({ displayName: 'A third', match });
  await letUnmatchedPass(profile);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'error');
  const many = rosterWithUserNames({ schools: 1, students: 60 });
  await importAccounts(rollbook, many.teacher);
  const other = await client.createProfile({ displayName: 'All', match });
  await letUnmatchedPass(other);
  assert.equal((await client.sync(other, csvFiles(many))).status, 'quarantined');
});

test('disabled after four weeks in quarantine; resume enables it again, and its four weeks begin anew', async () => {
  const { profile, roster } = await quarantinedByShare('Four weeks');
  await rollbook.rows(
    `update profile set quarantined_at = quarantined_at - interval '28 days' where id = $1`,
    [profile],
  );
  const status = await reached(profile, 'paused');
  assert.match(
    status.statusMessage,
    /disabled after four weeks in quarantine: EncounteredEscrowProportionThreshold/u,
  );
  assert.deepEqual((await eventsOf(profile)).at(-1), 'disabled EncounteredEscrowProportionThreshold');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  await client.settled(profile);
  await wait(200);
  assert.equal(
    (await client.status(profile)).status,
    'quarantined',
    'enabled, and not disabled again at once',
  );
  await importAccounts(rollbook, roster.student);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
});

test('broken runs: quarantined, once a day, disabled after four weeks; a repaired upload gets it out', async () => {
  const profile = await client.createProfile({ displayName: 'Broken' });
  const roster = rosterWithUserNames({ schools: 1, students: 3 });
  await client.upload(profile, csvFiles(roster));
  await damageUploadedFiles(rollbook.filesDirectory);
  assert.equal((await client.start(profile)).status, 200);
  const status = await reached(profile, 'quarantined');
  assert.match(status.statusMessage, /IngestionInterrupted.*5 times in a row.*Next attempt: 20/u);
  const [run] = await rollbook.rows(
    `select round(extract(epoch from next_attempt_at - now()) / 3600)::integer as hours from run where profile_id = $1`,
    [profile],
  );
  assert.equal(run?.['hours'], 24);
  await rollbook.rows(
    `update profile set quarantined_at = quarantined_at - interval '28 days' where id = $1`,
    [profile],
  );
  await reached(profile, 'paused');
  assert.equal((await client.latestRun(profile)).state, 'suspended');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  await client.settled(profile);
  assert.equal((await client.status(profile)).status, 'quarantined');
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.deepEqual(await eventsOf(profile), [
    'quarantined IngestionInterrupted',
    'disabled IngestionInterrupted',
    'quarantineLeft IngestionInterrupted',
  ]);
});

test('on demand: with a note, a start is let through and does not end it, resume does', async () => {
  const profile = await client.createProfile({ displayName: 'On demand' });
  const roster = rosterWithUserNames({ schools: 1, students: 6 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  const ordered = await client.ok<Quarantine>('POST', `/api/v1/profiles/${profile}/quarantine`, {
    note: 'The registrar looks into it.',
  });
  assert.deepEqual(
    [ordered.reason, ordered.note, ordered.by],
    ['QuarantinedOnDemand', 'The registrar looks into it.', rollbook.clientId],
  );
  assert.equal((await client.status(profile)).status, 'quarantined');
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'quarantined');
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.status(profile)).status, 'success');
  assert.deepEqual(
    (await client.call('POST', `/api/v1/profiles/${profile}/quarantine`, { why: 'x' })).status,
    400,
  );
  assert.equal(
    (await client.call('GET', `/api/v1/profiles/00000000-0000-7000-8000-000000000000/quarantine`)).status,
    404,
  );
});

test('on demand, with a plan that waits: the status says so, and the resume that ends the quarantine accepts nothing', async () => {
  const profile = await client.createProfile({ displayName: 'On demand, held' });
  const roster = rosterWithUserNames({ schools: 5, students: 40 });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await client.ok('POST', `/api/v1/profiles/${profile}/quarantine`, { note: 'Looked into.' });
  const gone = new Set(roster.student.filter((_, n) => n < 40).map((row) => row['SIS ID']));
  const without = <T extends Record<string, string>>(rows: readonly T[]): T[] =>
    rows.filter((row) => !gone.has(row['SIS ID']));
  const fewer = {
    ...roster,
    student: without(roster.student),
    studentenrollment: without(roster.studentenrollment),
  };
  const waiting = await client.sync(profile, csvFiles(fewer));
  assert.equal(waiting.status, 'quarantined');
  assert.match(
    waiting.statusMessage,
    /does not accept it: .*40 of 40 students would end.*Resume the profile to end it/u,
  );
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  const after = await client.settled(profile);
  assert.equal(after.status, 'validationError', 'nobody has accepted the plan');
  assert.equal((await quarantineOf(profile)).quarantined, false);
  const active = `select count(*)::int as n from profile f join link l on l.source_system_id = f.source_system_id and l.kind = 'student'
      join person p on p.id = l.object_id where f.id = $1 and p.active and l.source_id = any($2)`;
  assert.deepEqual(await rollbook.rows(active, [profile, [...gone]]), [{ n: 40 }]);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 200);
  assert.equal((await client.settled(profile)).status, 'success');
  assert.deepEqual(await rollbook.rows(active, [profile, [...gone]]), [{ n: 0 }]);
});

test('reset of the quarantine alone: a broken run is tried at once, nothing else is forgotten', async () => {
  const profile = await client.createProfile({ displayName: 'Reset' });
  const roster = rosterWithUserNames({ schools: 1, students: 3 });
  await client.upload(profile, csvFiles(roster));
  await damageUploadedFiles(rollbook.filesDirectory);
  await client.start(profile);
  await reached(profile, 'quarantined');
  const { id } = await client.latestRun(profile);
  const attempts = async (): Promise<number> =>
    Number((await rollbook.rows('select attempt from run where id = $1', [id]))[0]?.['attempt']);
  const before = await attempts();
  const answer = await client.ok<{ leftQuarantine: boolean }>('POST', `/api/v1/profiles/${profile}/reset`, {
    scopes: ['quarantine'],
  });
  assert.equal(answer.leftQuarantine, true);
  await reached(profile, 'quarantined');
  assert.ok((await attempts()) >= before + 5, 'five breaks in a row again');
});

test('reset with scopes: each forgets what it says and nothing else', async () => {
  const { profile } = await quarantinedByShare('Scopes');
  const facts = async (): Promise<unknown> => {
    const [row] = await rollbook.rows(
      `select (select count(*)::int from escrow e where e.profile_id = p.id) as escrow,
              (select count(*)::int from record_error e where e.profile_id = p.id) as errors,
              quarantined_at is not null as quarantined, accepted_run_id is not null as accepted, reset_at is not null as reset
         from profile p where id = $1`,
      [profile],
    );
    return row;
  };
  const reset = (...scopes: string[]): Promise<unknown> =>
    client.ok('POST', `/api/v1/profiles/${profile}/reset`, { scopes });
  const all = { escrow: 50, errors: 50, quarantined: true, accepted: true, reset: false };
  assert.deepEqual(await facts(), all);
  for (const wrong of [{ scopes: ['everything', 'escrow'] }, { scopes: [] }, {}, undefined]) {
    const refused = await client.call('POST', `/api/v1/profiles/${profile}/reset`, wrong);
    assert.equal(refused.status, 400);
    const text = JSON.stringify(refused.body);
    assert.match(text, wrong?.scopes?.length ? /'everything'/u : /errors, escrow, snapshot, watermark/u);
  }
  await reset('snapshot', 'errors');
  assert.deepEqual(await facts(), all, 'errors of records in escrow are forgotten with escrow');
  await reset('escrow');
  assert.deepEqual(await facts(), { ...all, escrow: 0, errors: 0 });
  await reset('quarantine');
  assert.deepEqual(await facts(), { ...all, escrow: 0, errors: 0, quarantined: false });
  assert.equal((await client.status(profile)).status, 'success');
  await reset('watermark');
  assert.deepEqual(await facts(), {
    escrow: 0,
    errors: 0,
    quarantined: false,
    accepted: false,
    reset: true,
  });
  assert.equal((await client.status(profile)).status, 'paused');
  const events = await rollbook.rows(
    `select actor, detail -> 'scopes' as scopes from profile_event where profile_id = $1 and event = 'reset' order by at, id`,
    [profile],
  );
  assert.deepEqual(
    events,
    [['snapshot', 'errors'], ['escrow'], ['quarantine'], ['watermark']].map((scopes) => ({
      actor: rollbook.clientId,
      scopes,
    })),
  );
});

/** Overwrites the stored bytes of all uploads, as a failing disk would. */
async function damageUploadedFiles(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await writeFile(join(entry.parentPath, entry.name), Buffer.alloc(512, 1));
  }
}
