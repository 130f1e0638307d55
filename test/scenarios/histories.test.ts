/**
 * Laws of syncing over whole histories of decisions: uploads, previews, approvals, breakers, pauses, resets, hand edits, restarts, in
 * any order. After every step the directory and the status are what a simple model says (test/helpers/history-model.ts), and in the
 * end the same files change nothing. ROLLBOOK_HISTORIES: how many (75); ROLLBOOK_SEED repeats them, ROLLBOOK_LANES=1 one after the
 * other; ROLLBOOK_SHRINK_SECONDS: how long a failing one is made shorter (60).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import * as fc from 'fast-check';

import { EXAMPLES } from '#test/helpers/history-examples.ts';
import { HistoryModel } from '#test/helpers/history-model.ts';
import { PLAN_LIMIT, PLAN_LIMITS, SCHOOL_LIMIT, SCHOOL_LIMITS } from '#test/helpers/history-plan.ts';
import { doStep, histories, type History, newDay, type Step } from '#test/helpers/history-steps.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, syncClient } from '#test/helpers/sync-client.ts';

const HISTORIES = Number(process.env['ROLLBOOK_HISTORIES'] ?? '75');
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
/** Histories side by side: most of a step is waiting. */
const LANES = Number(process.env['ROLLBOOK_LANES'] ?? '4');
/** A history takes a second or two; a loaded machine is slower. */
const TIME_LIMIT_MS = 300_000 + HISTORIES * 10_000;
const SHRINK_MS = Number(process.env['ROLLBOOK_SHRINK_SECONDS'] ?? '60') * 1_000;

let rollbook: TestRollbook;
let restarted: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({
    settings: { RUN_CONCURRENCY: String(LANES) },
    engine: { batchItems: 5 },
  });
  restarted = await startTestRollbook({ settings: { LEASE_SECONDS: '2' } });
});
after(async () => {
  await rollbook.stop();
  await restarted.stop();
});

let made = 0;
async function beginHistory(place: TestRollbook): Promise<History> {
  const client = syncClient(place);
  const prefix = `h${(made += 1)}-`;
  const profile = await client.createProfile({ displayName: prefix });
  const rule = (scope: string, kind: string | null, count: number): unknown => ({
    scope,
    action: 'deactivate',
    ...(kind === null ? {} : { kind }),
    percent: 0,
    count,
  });
  await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
    tolerance: { percent: 0, count: 1 },
    limits: [
      rule('school', null, SCHOOL_LIMIT),
      ...Object.entries(SCHOOL_LIMITS).map(([kind, count]) => rule('school', kind, count)),
      rule('plan', null, PLAN_LIMIT),
      ...Object.entries(PLAN_LIMITS).map(([kind, count]) => rule('plan', kind, count)),
    ],
  });
  const [row] = await place.rows('select source_system_id as id from profile where id = $1', [profile]);
  return {
    rollbook: place,
    client,
    profile,
    sourceSystemId: String(row?.['id']),
    prefix,
    model: new HistoryModel(),
    runIds: new Map(),
    day: newDay(),
    teacherRosterIsOpen: false,
    edits: 0,
    told: [],
  };
}

/** What is active, as lines; the anchors left out. */
async function readDirectory({ rollbook: place, prefix }: History): Promise<string[]> {
  const rows = await place.rows(
    `select 'school ' || external_id as line from org where external_id like $1 and active
     union all select 'class ' || external_id || ' ' || display_name from class where external_id like $1 and active
     union all select 'pupil ' || student_external_id || ' ' || given_name || ' ' || display_name from person
       where student_external_id like $1 and active
     union all select 'role ' || p.student_external_id || ' ' || o.external_id from role r join person p on p.id = r.person_id
       join org o on o.id = r.org_id where p.student_external_id like $1 and r.active
     union all select 'enrollment ' || c.external_id || ' ' || coalesce(p.student_external_id, p.teacher_external_id) from enrollment e
       join class c on c.id = e.class_id join person p on p.id = e.person_id where c.external_id like $1 and e.active`,
    [`${prefix}%`],
  );
  return rows
    .map(({ line }) => String(line).replaceAll(prefix, ''))
    .filter((line) => !/ [PC]9 Anchor|P9 S1|C9 P9/u.test(line))
    .toSorted();
}

function modelLines({ model: { directory } }: History): string[] {
  return [
    ...[...directory.schools].map((id) => `school ${id}`),
    ...[...directory.sections].flatMap(([id, { active, name }]) => (active ? [`class ${id} ${name}`] : [])),
    ...[...directory.pupils].flatMap(([id, { active, shown }]) =>
      active ? [`pupil ${id} ${shown} ${shown} Law`] : [],
    ),
    ...[...directory.roles].map((id) => `role ${id.replace('/', ' ')}`),
    ...[...directory.enrollments].map((id) => `enrollment ${id.replace('/', ' ')}`),
  ].toSorted();
}

/** What limits are measured by is kept beside the records, not counted: where it is not what counting finds. */
async function readMiscounts({ rollbook: place, sourceSystemId }: History): Promise<unknown[]> {
  return place.rows(
    `with counted as (
       select org_id, role as kind, count(*) as active from role where source_system_id = $1 and active group by 1, 2
       union all select c.org_id, 'enrollment', count(*) from enrollment e join class c on c.id = e.class_id
         where e.source_system_id = $1 and e.active and c.org_id is not null group by 1),
     kept as (select org_id, kind, active from active_count where source_system_id = $1 and active <> 0)
     select org_id, kind, k.active as kept, c.active as counted from kept k full join counted c using (org_id, kind)
      where k.active is distinct from c.active`,
    [sourceSystemId],
  );
}

/** Waits until no run is queued or executes, previews among them. */
async function settle({ rollbook: place, profile }: History): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const rows = await place.rows(
      `select 1 from run where profile_id = $1 and state in ('queued', 'staging', 'planning', 'applying', 'broken')`,
      [profile],
    );
    if (rows.length === 0) return;
    await wait(15);
  }
  throw new Error('a run does not end');
}

async function takeStep(history: History, step: Step): Promise<void> {
  const done = await doStep(history, step);
  await settle(history);
  if (done !== null) assert.equal(done.answer, done.expected, 'status code of the answer');
  assert.deepEqual(await readDirectory(history), modelLines(history), 'the directory');
  assert.deepEqual(await readMiscounts(history), [], 'what is active in each school');
  const { status, errorCount, statusMessage } = await history.client.status(history.profile);
  const { model } = history;
  assert.deepEqual(
    { status, errorCount },
    { status: model.status, errorCount: model.errorCount },
    statusMessage,
  );
}

/** Good files, with whatever decisions they need; then the same files once more. */
async function endHistory(history: History): Promise<void> {
  const { client, model, profile } = history;
  history.day = {
    ...history.day,
    pupils: history.day.pupils.map((pupil) => (pupil.row === 'bad' ? { ...pupil, row: 'good' } : pupil)),
  };
  const same: Step = { do: 'sync', changes: [], withoutTeacherRoster: false, reversed: false };
  if (model.status === 'paused') await takeStep(history, { do: 'resume' }).catch(() => undefined);
  await takeStep(history, same);
  if (model.waitsFor('sync') !== null) await takeStep(history, { do: 'approve' });
  assert.equal(model.status, 'success', 'all that waited was approved');
  await takeStep(history, { ...same, reversed: true });
  const plan = await client.ok<{ itemCount: number }>(
    'GET',
    `/api/v1/runs/${(await client.latestRun(profile)).id}/plan`,
  );
  assert.equal(plan.itemCount, 0, 'the plan after apply is empty');
  assert.deepEqual(await changesOf(client, profile), {}, 'the same files change nothing');
}

async function live(place: TestRollbook, steps: readonly Step[]): Promise<void> {
  const history = await beginHistory(place);
  let at = 'after the last step';
  try {
    for (const step of steps) await takeStep(history, step);
    at = 'at the end';
    await endHistory(history);
  } catch (error) {
    throw new Error(
      `${at} (${history.prefix}, ${history.profile}) of\n${history.told.map((line, index) => `  ${index + 1}. ${line}`).join('\n')}\n${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** `failed.atMs`: when the first history of the test failed; shorter ones that fail, too, are looked for a while. */
function check(
  place: TestRollbook,
  count: number,
  seed: number,
  withRestarts: boolean,
  failed: { atMs: number },
): Promise<void> {
  return fc.assert(
    fc.asyncProperty(histories(withRestarts), async (steps) => {
      if (Date.now() > failed.atMs + SHRINK_MS) return;
      await live(place, steps).catch((error: unknown) => {
        failed.atMs = Math.min(failed.atMs, Date.now());
        throw error;
      });
    }),
    {
      numRuns: count,
      seed,
      interruptAfterTimeLimit: TIME_LIMIT_MS,
      markInterruptAsFailure: true,
    },
  );
}

for (const [name, steps] of Object.entries(EXAMPLES)) test(`a history: ${name}`, () => live(rollbook, steps));

const WITH_RESTARTS = Math.ceil(HISTORIES / 8);
const WITHOUT = HISTORIES - WITH_RESTARTS;

test(`${WITHOUT} histories of decisions follow the model step by step (seed ${SEED})`, async () => {
  const firstFailure = { atMs: Infinity };
  const lanes = Array.from({ length: Math.min(LANES, WITHOUT) }, (_, lane) =>
    check(rollbook, Math.ceil(WITHOUT / LANES), SEED + lane, false, firstFailure),
  );
  const failed = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
});

test(`${WITH_RESTARTS} histories with restarts between and during steps follow it, too (seed ${SEED})`, () =>
  check(restarted, WITH_RESTARTS, SEED, true, { atMs: Infinity }));
