/** Runs that somebody cancels: what the run, the answer and the status say is what is in the directory. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { queueCatchUp } from '#storage/schedule/queue-catch-up.ts';
import { runBecomes } from '#test/helpers/run-becomes.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type SmallRoster, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

interface Run {
  readonly id: string;
  readonly state: string;
  readonly message: string | null;
  readonly cancelRequested: boolean;
}
interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ engine: { batchItems: 4 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
/** A roster whose ids and user names nobody else uses. */
function ownRoster(students = 60): SmallRoster {
  const roster = smallRoster({ schools: 2, students });
  const prefix = `c${++made}-`;
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  return roster;
}

function cancel(runId: string, body?: unknown): Promise<{ status: number; body: Run & Refusal }> {
  return client.call('POST', `/api/v1/runs/${runId}/cancel`, body);
}

async function inMidApply(profile: string): Promise<string> {
  for (let attempt = 0; attempt < 4_000; attempt++) {
    const [row] = await rollbook.rows(
      `select id from run where profile_id = $1 and state = 'applying' and applied_item_no > 0`,
      [profile],
    );
    if (row !== undefined) return String(row['id']);
    await wait(1);
  }
  throw new Error('no run was met while it applied');
}

test('cancelled while it applies: it says how far it was, the status is error, and the next sync brings the rest', async () => {
  const profile = await client.createProfile({ displayName: 'Stopped' });
  const roster = ownRoster();
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile);
  const id = await inMidApply(profile);
  const answer = await cancel(id, { note: 'wrong week' });
  await starting;
  assert.equal(answer.status, 200);
  assert.equal(answer.body.state, 'cancelled');
  const told = /^Cancelled by Administrator after (\d+) of (\d+) changes; the rest was not applied\.$/u.exec(
    answer.body.message ?? '',
  );
  assert.ok(told, String(answer.body.message));
  const [counted] = await rollbook.rows(
    `select (select count(*)::int from plan_item i join run r on r.id = i.run_id
              where r.id = $1 and i.item_no <= r.applied_item_no) as done,
            (select count(*)::int from plan_item where run_id = $1) as total`.replaceAll(
      'plan_item ',
      'bulk.plan_item ',
    ),
    [id],
  );
  assert.deepEqual(counted, { done: Number(told[1]), total: Number(told[2]) });

  const status = await client.status(profile);
  assert.equal(status.status, 'error');
  assert.ok(status.statusMessage.startsWith(told[0]), status.statusMessage);
  assert.match(status.statusMessage, /Upload the files and start again/u);

  const again = await cancel(id);
  assert.deepEqual(
    [again.status, again.body.state, again.body.message],
    [200, 'cancelled', answer.body.message],
  );

  const story = await client.ok<{
    timeline: { event: string; actorName: string | null; detail: unknown }[];
  }>('GET', `/api/v1/runs/${id}`);
  const asked = story.timeline.find(({ event }) => event === 'cancelRequested');
  assert.equal(asked?.actorName, 'Administrator');
  assert.deepEqual(asked?.detail, { note: 'wrong week' });

  const next = await client.sync(profile, csvFiles(roster));
  assert.equal(next.status, 'success', next.statusMessage);
  assert.doesNotMatch(next.statusMessage, /ancelled/u);
  const [found] = await rollbook.rows(`select count(*)::int as people from account where user_name like $1`, [
    `c${made}-%`,
  ]);
  assert.equal(found?.['people'], roster.student.length + roster.teacher.length);
  assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
  assert.deepEqual(await changesOf(client, profile), {});
});

test('cancelled while it waits for a decision: the status is that of the run before, and says so', async () => {
  const profile = await client.createProfile({ displayName: 'Held' });
  const roster = ownRoster();
  // An error of the first run: it is what the status has to come back to.
  roster.student[0] = { ...roster.student[0], 'School SIS ID': 'nowhere' };
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'error', first.statusMessage);
  const errorsBefore = first.errorCount;
  assert.ok(errorsBefore > 0);
  await client.upload(profile, csvFiles({ ...roster, student: roster.student.slice(0, 5) }));
  await client.start(profile);
  const held = await client.settled(profile);
  assert.equal(held.status, 'validationError', held.statusMessage);
  const { id } = await client.latestRun(profile);
  const answer = await cancel(id);
  assert.deepEqual(
    [answer.status, answer.body.state, answer.body.message],
    [200, 'cancelled', 'Cancelled by Administrator before anything was changed.'],
  );
  const status = await client.status(profile);
  assert.equal(status.status, 'error');
  assert.equal(status.errorCount, errorsBefore);
  assert.ok(status.statusMessage.startsWith(first.statusMessage), status.statusMessage);
  assert.match(
    status.statusMessage,
    /A later run was cancelled by Administrator before anything was changed\.$/u,
  );
});

test('cancelled while it waits for its time: the errors are not those of the plan whose place it took', async () => {
  const profile = await client.createProfile({ displayName: 'Errors of others' });
  const settings = `/api/v1/profiles/${profile}/settings`;
  const roster = ownRoster(12);
  const nowhere = (from: SmallRoster, ...places: number[]): SmallRoster => {
    const copy = structuredClone(from);
    for (const place of places) copy.student[place] = { ...copy.student[place], 'School SIS ID': 'nowhere' };
    return copy;
  };
  const first = await client.sync(profile, csvFiles(nowhere(roster, 0)));
  assert.equal(first.status, 'error', first.statusMessage);
  await client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk' });
  const waiting = await client.sync(profile, csvFiles(nowhere(roster, 2, 3)));
  assert.equal(waiting.status, 'paused', waiting.statusMessage);
  assert.notEqual(waiting.errorCount, first.errorCount);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  await client.ok('PATCH', settings, { schedule: { notBefore: tomorrow } });
  await client.upload(profile, csvFiles(roster));
  const starting = client.start(profile);
  const [{ id: last } = {}] = await queuedRun(profile);
  assert.equal((await cancel(String(last))).body.state, 'cancelled');
  await starting;
  const status = await client.status(profile);
  assert.deepEqual([status.status, status.errorCount], ['error', first.errorCount], status.statusMessage);
});

async function queuedRun(profile: string): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; attempt < 4_000; attempt++) {
    const rows = await rollbook.rows(`select id from run where profile_id = $1 and state = 'queued'`, [
      profile,
    ]);
    if (rows.length > 0) return rows;
    await wait(5);
  }
  throw new Error('no run was queued');
}

test('the only run cancelled while it waits: the profile counts as never started', async () => {
  const profile = await client.createProfile({ displayName: 'First' });
  await client.upload(profile, { ...csvFiles(ownRoster()), 'Student.csv': 'Nothing\r\n1\r\n' });
  await client.start(profile);
  const { id } = await client.latestRun(profile);
  assert.equal((await cancel(id)).status, 200);
  const status = await client.status(profile);
  assert.equal(status.status, 'paused');
  assert.equal(status.errorCount, 0);
  assert.equal(
    status.statusMessage,
    'Nothing was synced yet. Upload the files to its uploadUrl, then start it. A run was cancelled by Administrator before anything was changed.',
  );
});

test('what was cancelled is not brought in by itself when an adds-only window is over', async () => {
  const profile = await client.createProfile({ displayName: 'Window' });
  const settings = `/api/v1/profiles/${profile}/settings`;
  const roster = ownRoster();
  const without = (from: SmallRoster, id: string | undefined): SmallRoster => ({
    ...from,
    student: from.student.filter((row) => row['SIS ID'] !== id),
    studentenrollment: from.studentenrollment.filter((row) => row['SIS ID'] !== id),
  });
  const left = roster.student[0]?.['SIS ID'];
  await client.sync(profile, csvFiles(roster));
  const day = (offset: number): string =>
    new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await client.ok('PATCH', settings, { schedule: { addsOnly: [{ from: day(-2), to: day(2) }] } });
  const fewer = without(roster, left);
  assert.equal((await client.sync(profile, csvFiles(fewer))).status, 'success', 'who left is put off');
  // A wrong export: twenty names, and somebody who is gone.
  const wrong = without(structuredClone(fewer), roster.student[1]?.['SIS ID']);
  for (const row of wrong.student.slice(0, 20)) row['Last Name'] = 'Wrong';
  await client.upload(profile, csvFiles(wrong));
  const starting = client.start(profile);
  const id = await inMidApply(profile);
  assert.equal((await cancel(id, { note: 'wrong export' })).status, 200);
  await starting;
  const named = async (): Promise<unknown> =>
    (
      await rollbook.rows(
        `select count(*) filter (where surname = 'Wrong')::int as wrong, count(*) filter (where not active)::int as gone
           from person where student_external_id like $1`,
        [`c${made}-%`],
      )
    )[0];
  const afterwards = await named();
  await client.ok('PATCH', settings, { schedule: null });
  // What the scheduler does now, whether it was faster or not.
  const { newId } = realSystem;
  const catchUp = { profileId: profile, runId: newId(), actor: 'test', newId };
  const queued = await inTenant(rollbook.db, rollbook.tenantId, (tx) => queueCatchUp(tx, catchUp));
  const catchUps = await rollbook.rows(`select id from run where profile_id = $1 and trigger = 'catchUp'`, [
    profile,
  ]);
  assert.deepEqual(
    [queued, catchUps],
    [false, []],
    'the window is over, and the wrong export stays cancelled',
  );
  assert.deepEqual(await named(), afterwards);
  assert.equal((await client.status(profile)).status, 'error');
  const next = await client.sync(profile, csvFiles(fewer));
  assert.equal(next.status, 'success', next.statusMessage);
  assert.deepEqual(await named(), { wrong: 0, gone: 1 });
});

test('an approval that is cancelled before anything of it is applied leaves what was let in before', async () => {
  const profile = await client.createProfile({ displayName: 'Approved and cancelled' });
  const settings = `/api/v1/profiles/${profile}/settings`;
  const roster = ownRoster(12);
  await client.sync(profile, csvFiles(roster));
  const accepted = async (): Promise<unknown> =>
    (await rollbook.rows('select accepted_run_id as id from profile where id = $1', [profile]))[0]?.['id'];
  const before = await accepted();
  const preview = await client.ok<Run>('POST', `/api/v1/profiles/${profile}/plan`);
  await runBecomes(client, preview.id, ['held']);
  await client.ok('PATCH', settings, { applyPolicy: 'alwaysAsk' });
  const renamed = structuredClone(roster);
  renamed.student[0] = { ...renamed.student[0], 'Last Name': 'Other' };
  assert.equal((await client.sync(profile, csvFiles(renamed))).status, 'paused');
  const { id } = await client.latestRun(profile);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  await client.ok('PATCH', settings, { schedule: { notBefore: tomorrow } });
  await client.ok('POST', `/api/v1/runs/${id}/approve`);
  assert.notEqual(await accepted(), before);
  assert.equal((await cancel(id)).body.state, 'cancelled');
  assert.equal(await accepted(), before, 'nothing of the cancelled run is in the directory');
  const { stale } = await client.ok<{ stale: boolean }>('GET', `/api/v1/runs/${preview.id}/plan`);
  assert.equal(stale, false, 'and a plan that was made before is as good as it was');
});

test('a run that is complete or replaced is not cancelled any more: 409 with the reason', async () => {
  const profile = await client.createProfile({ displayName: 'Late' });
  await client.sync(profile, csvFiles(ownRoster(6)));
  const { id } = await client.latestRun(profile);
  const late = await cancel(id);
  assert.equal(late.status, 409);
  assert.match(late.body.error.message, /cannot be cancelled: it was complete at 20/u);
  assert.equal((await client.status(profile)).status, 'success');
});

test('what is no run of this tenant is 404; a body that is none is 400', async () => {
  for (const id of ['00000000-0000-7000-8000-000000000000', 'nothing', '%27'])
    assert.equal((await cancel(id)).status, 404, id);
  const profile = await client.createProfile({ displayName: 'Bad body' });
  await client.sync(profile, csvFiles(ownRoster(6)));
  const { id } = await client.latestRun(profile);
  assert.equal((await cancel(id, { reason: 'x' })).status, 400);
  assert.equal((await cancel(id, { note: 'x'.repeat(1_001) })).status, 400);
  assert.equal((await cancel(id, [])).status, 400);
});

test('cancel and completion at the same moment: one of them wins, and the answer says which', async () => {
  const profile = await client.createProfile({ displayName: 'Race' });
  const ends = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const roster = ownRoster(6);
    await client.upload(profile, csvFiles(roster));
    const starting = client.start(profile);
    let id = '';
    while (id === '') {
      const [row] = await rollbook.rows(
        `select id from run where profile_id = $1 and state in ('staging', 'planning', 'applying')`,
        [profile],
      );
      if (typeof row?.['id'] === 'string') id = row['id'];
    }
    await wait(round * 25);
    const answer = await cancel(id);
    await starting;
    const [run] = await rollbook.rows('select state, message from run where id = $1', [id]);
    ends.add(String(run?.['state']));
    if (answer.status === 200) {
      assert.deepEqual(run, { state: 'cancelled', message: answer.body.message });
    } else {
      assert.equal(answer.status, 409, JSON.stringify(answer.body));
      assert.match(String(run?.['state']), /completed|held/u);
    }
    const events = await rollbook.rows(
      `select event from run_event where run_id = $1 and event in ('cancel', 'appliedAll')`,
      [id],
    );
    assert.ok(events.length <= 1, 'it ended twice');
  }
  assert.ok(ends.has('cancelled'));
});
