/** An expiration is put back: as it was, but for what changed since. docs/guide/year-change.md. */
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

const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);
const dump = (): Promise<string[]> => dumpDirectory(rollbook.db, rollbook.tenantId);

interface Bench {
  readonly profile: string;
  readonly roster: SmallRoster;
  /** The directory before the expiration. */
  readonly directory: string[];
  /** The run of the expiration. */
  readonly runId: string;
}

let made = 0;
/** A profile that has synced, with ids and user names of its own, and was expired. */
async function expired(displayName: string, prepare?: (profile: string) => Promise<void>): Promise<Bench> {
  const prefix = `u${++made}-`;
  const roster = smallRoster({ schools: 2, sections: 2, students: 4 });
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  const profile = await client.createProfile({ displayName });
  const schedule = { onExpiration: 'expireClassesAndEndStudents' };
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { schedule });
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  await prepare?.(profile);
  const directory = await dump();
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: EXPIRED_ON });
  const runId = await runIs(profile, 'expiration', 'held');
  await client.ok('POST', `/api/v1/runs/${runId}/approve`);
  await runIs(profile, 'expiration', 'completed');
  assert.notDeepEqual(await dump(), directory);
  return { profile, roster, directory, runId };
}

/** Waits until the newest run of that trigger is in a state. @returns its id. */
async function runIs(profile: string, trigger: string, state: string): Promise<string> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const run = await newestRun(profile, trigger);
    if (run?.['state'] === state) return String(run['id']);
    await wait(50);
  }
  throw new Error(`no ${trigger} is ${state}: ${JSON.stringify(await newestRun(profile, trigger))}`);
}

const newestRun = async (profile: string, trigger: string): Promise<Record<string, unknown> | undefined> =>
  (
    await rollbook.rows(
      `select id, state, message, error_code from run where profile_id = $1 and trigger = $2 order by created_at desc limit 1`,
      [profile, trigger],
    )
  )[0];

const undo = (profile: string, body: unknown = {}) =>
  client.call<{ id: string; error?: { message: string } }>(
    'POST',
    `/api/v1/profiles/${profile}/undo-expiration`,
    body,
  );

/** Asks for the undo, approves its plan, and waits for its end. @returns its message. */
async function undone(profile: string): Promise<string> {
  const asked = await undo(profile);
  assert.equal(asked.status, 202, JSON.stringify(asked.body));
  await runIs(profile, 'expirationUndo', 'held');
  await client.ok('POST', `/api/v1/runs/${asked.body.id}/approve`);
  await runIs(profile, 'expirationUndo', 'completed');
  return String((await newestRun(profile, 'expirationUndo'))?.['message']);
}

async function renewed(profile: string): Promise<void> {
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2100-01-01' });
  await client.provisioned(profile);
}

const classes = async (roster: SmallRoster): Promise<Record<string, unknown>[]> =>
  rollbook.rows(
    `select id, external_id, display_name, mail_nickname, version, attributes ->> 'status' as status from class
      where external_id like any($1) and active order by external_id`,
    [roster.section.map((row) => `%${String(row['SIS ID'])}`)],
  );

test('the plan is shown and waits; once it is approved everything is as it was, and last year files change nothing', async () => {
  const { profile, roster, directory, runId } = await expired('Too early', async () => {
    // A name of somebody's own, and a nickname that the expiration cuts: neither can be read off the expired class.
    await rollbook.rows(
      `update class set display_name = 'Bees', mail_nickname = $1, version = version + 1
        where id = (select id from class where external_id like 'u1-%' order by external_id limit 1)`,
      [`Section_${'y'.repeat(56)}`],
    );
  });
  const list = await client.ok<{ value: Record<string, unknown>[] }>(
    'GET',
    `/api/v1/profiles/${profile}/expirations`,
  );
  assert.deepEqual(
    list.value.map((expiration) => ({ ...expiration, sourceSystem: null })),
    [{ runId, expiredOn: EXPIRED_ON, classesKept: 4, canBeUndone: true, sourceSystem: null }],
  );

  const expiredDirectory = await dump();
  const shown = await cli('undo-expiration', 'Too early');
  assert.equal(shown.exitCode, 0, shown.stderr + shown.stdout);
  assert.match(shown.stdout, /4 classes would get their names and ids back, with\s+16\s+places of students/u);
  assert.match(shown.stdout, /Nothing is changed yet/u);
  const undoId = await runIs(profile, 'expirationUndo', 'held');
  assert.ok(shown.stdout.includes(`rollbook approve ${undoId}`), shown.stdout);
  assert.deepEqual(await dump(), expiredDirectory, 'nothing is changed before the approval');
  const again = await undo(profile, { expirationRunId: runId });
  assert.deepEqual([again.status, again.body.id], [202, undoId], 'asked twice, it is one run');
  const waiting = await client.status(profile);
  assert.match(waiting.statusMessage, /would be undone/u);
  assert.equal((await client.call('POST', `${PROFILES}/${profile}/resume`)).status, 409);
  const items = await cli('plan', 'Too early', '--run', undoId, '--items', '--kind', 'class');
  assert.match(items.stdout, /update class .*expirationUndone/u);

  const [{ seq } = {}] = await rollbook.rows('select max(change_seq)::float8 as seq from class');
  const approved = await cli('approve', undoId);
  assert.equal(approved.exitCode, 0, approved.stderr + approved.stdout);
  assert.deepEqual(await dump(), directory);
  const [{ behind } = {}] = await rollbook.rows(
    `select count(*)::int as behind from class where external_id like 'u1-%' and change_seq <= $1`,
    [seq],
  );
  assert.equal(behind, 0, 'delta readers are told of every class');
  assert.match((await client.status(profile)).statusMessage, /expired on 2026-06-30.*was undone/u);

  const none = await undo(profile);
  assert.equal(none.status, 409);
  assert.match(String(none.body.error?.message), /undone already/u);
  await renewed(profile);
  await client.sync(profile, csvFiles(roster));
  assert.deepEqual(await changesOf(client, profile), {}, 'the files of last year change nothing');
  assert.deepEqual(await dump(), directory);

  // The same profile expires in the same month again, and that can be undone as well.
  await client.ok('PATCH', `${PROFILES}/${profile}`, { expirationDate: '2026-06-29' });
  const second = await runIs(profile, 'expiration', 'held');
  await client.ok('POST', `/api/v1/runs/${second}/approve`);
  await runIs(profile, 'expiration', 'completed');
  await undone(profile);
  assert.deepEqual(await dump(), directory);
});

test('what changed since is left alone and named: hand edits, deletions, people who are gone', async () => {
  const { profile, roster } = await expired('Edited since');
  const [renamed, deleted, third] = await classes(roster);
  await client.ok('PATCH', `/beta/education/classes/${String(renamed?.['id'])}`, { displayName: 'Club' });
  await client.ok('DELETE', `/beta/education/classes/${String(deleted?.['id'])}`);
  const [gone, put] = await rollbook.rows(
    `select person_id from enrollment where class_id = $1 and role = 'student' order by key`,
    [third?.['id']],
  );
  await client.ok('DELETE', `/beta/education/users/${String(gone?.['person_id'])}`);
  const member = `/beta/education/classes/${String(third?.['id'])}/members`;
  const ref = { '@odata.id': `${rollbook.baseUrl}/beta/education/users/${String(put?.['person_id'])}` };
  await client.ok('POST', `${member}/$ref`, ref);
  await client.ok('DELETE', `${member}/${String(put?.['person_id'])}/$ref`);

  const asked = await undo(profile);
  await runIs(profile, 'expirationUndo', 'held');
  const plan = `/api/v1/runs/${asked.body.id}/plan/items`;
  const left = await client.ok<{ value: { kind: string; failure: { code: string; message: string } }[] }>(
    'GET',
    `${plan}?only=failed`,
  );
  assert.deepEqual(
    left.value.map(({ kind, failure }) => [kind, failure.code]),
    [
      ['class', 'ChangedSinceExpiration'],
      ['enrollment', 'ChangedSinceExpiration'],
      ['enrollment', 'ChangedSinceExpiration'],
      ['enrollment', 'ChangedSinceExpiration'],
    ],
  );
  assert.match(String(left.value[0]?.failure.message), /deleted by hand/u);
  const part = await client.ok<{ value: { after: Record<string, unknown> }[] }>(
    'GET',
    `${plan}?reason=expirationUndoneInPart`,
  );
  assert.deepEqual(
    part.value.map(({ after: { displayName, leftAlone } }) => [displayName, leftAlone]),
    [['Club', ['displayName']]],
  );
  // Somebody edits another class while the plan waits: that item is set aside, and the rest stands.
  await client.ok('PATCH', `/beta/education/classes/${String(third?.['id'])}`, { displayName: 'Owls' });
  await client.ok('POST', `/api/v1/runs/${asked.body.id}/approve`);
  await runIs(profile, 'expirationUndo', 'completed');
  const message = String((await newestRun(profile, 'expirationUndo'))?.['message']);
  assert.match(message, /2 classes got their names and ids back/u);
  assert.match(
    message,
    /Left alone.*2 classes, \d+ places of students, what was edited by hand in 1 class$/u,
  );
  const after = await classes(roster);
  assert.deepEqual(
    after.map(({ display_name: name, status }) => [String(name).replace(/^.*Section/u, 'Section'), status]),
    [
      ['Owls', 'Expired'],
      ...after
        .slice(1)
        .map(({ display_name: name }) => [String(name).replace(/^.*Section/u, 'Section'), null]),
    ],
  );
  assert.ok(
    after.some(({ display_name: name, external_id: id }) => name === 'Club' && !String(id).startsWith('Exp')),
  );

  // Asked once more, it takes what was set aside, with the name that it has got now.
  const rest = await undone(profile);
  assert.match(rest, /1 class got its name and id back/u);
  const owls = (await classes(roster)).find(({ display_name: name }) => name === 'Owls');
  assert.equal(owls?.['status'], null);
  const [places] = await rollbook.rows(
    `select count(*) filter (where active)::int as active, count(*)::int as all,
            count(*) filter (where ended_by_expiration is not null)::int as "toPutBack"
       from enrollment where class_id = $1 and role = 'student'`,
    [third?.['id']],
  );
  assert.deepEqual(places, { active: 2, all: 5, toPutBack: 0 }, 'who is gone or was put out stays so');
});

test('classes whose ids belong to a later sync stay as they are, those whose ids are free go back', async () => {
  const { profile, roster } = await expired('Overtaken');
  await renewed(profile);
  const next = copyOf(roster);
  next.section.splice(2);
  const ids = new Set(next.section.map((row) => row['SIS ID']));
  for (const rows of [next.studentenrollment, next.teacherroster])
    rows.splice(0, Infinity, ...rows.filter((row) => ids.has(row['Section SIS ID'])));
  assert.equal((await client.sync(profile, csvFiles(next))).status, 'success');
  const before = await classes(roster);
  assert.match(await undone(profile), /2 classes got .* Left alone.*: 2 classes$/u);
  const now = new Map((await classes(roster)).map((row) => [row['id'], row]));
  for (const row of before) {
    const id = String(row['external_id']);
    const taken = [...ids].some((section) => id.endsWith(String(section)));
    if (taken) assert.deepEqual(now.get(row['id']), row);
    else assert.equal(now.get(row['id'])?.['external_id'], id.replace(/^Exp\d+_/u, ''));
  }
  const rest = await undo(profile);
  await runIs(profile, 'expirationUndo', 'completed');
  assert.match(
    String((await newestRun(profile, 'expirationUndo'))?.['message']),
    /^Nothing of the expiration .* was put back\. Left alone.*2 classes$/u,
  );
  assert.equal(rest.status, 202);
});

test('an undo that finds nothing to put back: a plan that waits is not left behind it, where nobody can decide it', async () => {
  const { profile, roster } = await expired('Nothing to put back');
  await renewed(profile);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success', 'all ids are taken again');
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { applyPolicy: 'alwaysAsk' });
  const changed = copyOf(roster);
  changed.student[0] = { ...changed.student[0], 'Last Name': 'Changed' };
  assert.equal((await client.sync(profile, csvFiles(changed))).status, 'paused');
  assert.equal((await undo(profile)).status, 202);
  await runIs(profile, 'expirationUndo', 'completed');
  const [held] = await rollbook.rows(
    `select id, state from run where profile_id = $1 and trigger = 'start' order by created_at desc limit 1`,
    [profile],
  );
  const { status } = await client.status(profile);
  assert.deepEqual([held?.['state'], status], ['superseded', 'success']);
});

test('a worker that dies half way: another one comes to the same end; a cancelled undo can be asked for again', async () => {
  const { profile, directory } = await expired('Dying');
  const asked = await undo(profile);
  await runIs(profile, 'expirationUndo', 'held');
  await rollbook.rows(
    `create function die() returns trigger language plpgsql as $$ begin raise 'dead'; end $$`,
  );
  await rollbook.rows(
    `create trigger die before update on enrollment for each row when (new.active and not old.active) execute function die()`,
  );
  await client.ok('POST', `/api/v1/runs/${asked.body.id}/approve`);
  await runIs(profile, 'expirationUndo', 'broken');
  assert.notDeepEqual(await dump(), directory);
  await rollbook.rows('drop trigger die on enrollment');
  await rollbook.rows('drop function die');
  await client.ok('POST', `/api/v1/runs/${asked.body.id}/cancel`);
  const list = await client.ok<{ value: { classesKept: number }[] }>(
    'GET',
    `/api/v1/profiles/${profile}/expirations`,
  );
  assert.equal(list.value[0]?.classesKept, 0, 'the classes are back, their students are not');
  assert.match(await undone(profile), /: \d+ places of students put back$/u);
  assert.deepEqual(await dump(), directory);

  const harsh = await expired('Dying too');
  const run = await undo(harsh.profile);
  await runIs(harsh.profile, 'expirationUndo', 'held');
  await rollbook.rows(
    `create function die() returns trigger language plpgsql as $$ begin raise 'dead'; end $$`,
  );
  await rollbook.rows(
    `create trigger die before update on enrollment for each row when (new.active and not old.active) execute function die()`,
  );
  await client.ok('POST', `/api/v1/runs/${run.body.id}/approve`);
  await runIs(harsh.profile, 'expirationUndo', 'broken');
  await rollbook.rows('drop trigger die on enrollment');
  await rollbook.rows('drop function die');
  // What a process that was killed leaves: a lease that nobody renews.
  await rollbook.rows(
    `update run set state = 'applying', lease_owner = 'dead', lease_expires_at = now(), next_attempt_at = null where id = $1`,
    [run.body.id],
  );
  await runIs(harsh.profile, 'expirationUndo', 'completed');
  assert.deepEqual(await dump(), harsh.directory);
});

test('refused: nothing expired, another run, a paused profile, a changed anchor, words that are no request', async () => {
  const bare = await client.createProfile({ displayName: 'Never expired' });
  const nothing = await undo(bare);
  assert.deepEqual(
    [nothing.status, /nothing to undo/u.test(String(nothing.body.error?.message))],
    [409, true],
  );
  const { profile, directory, runId } = await expired('Refused');
  for (const [body, status] of [
    [{ expirationRunId: 'x' }, 404],
    [{ expirationRunId: bare }, 404],
    [{ expirationRunId: 7 }, 400],
    [{ expirationRunId: '' }, 400],
    [{ run: runId }, 400],
    [[], 400],
  ] as const)
    assert.equal((await undo(profile, body)).status, status, JSON.stringify(body));
  for (const id of ['x', bare.replace(/.$/u, bare.endsWith('0') ? '1' : '0')])
    assert.equal((await undo(id)).status, 404);
  await client.ok('POST', `${PROFILES}/${profile}/pause`);
  assert.equal((await undo(profile)).status, 409);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);

  // Rejected, nothing is changed, and it can be asked for again.
  const asked = await undo(profile);
  await runIs(profile, 'expirationUndo', 'held');
  await client.ok('POST', `/api/v1/runs/${asked.body.id}/reject`);
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { classAnchor: 'idAndSession' });
  const anchored = await undo(profile);
  assert.equal(anchored.status, 409);
  assert.match(String(anchored.body.error?.message), /classAnchor/u);
  await rollbook.rows(
    `update source_system set class_anchor = 'id' where id = (select source_system_id from profile where id = $1)`,
    [profile],
  );
  await undone(profile);
  assert.deepEqual(await dump(), directory);
  assert.equal((await cli('undo-expiration', 'Refused')).exitCode, 1);
});
