/**
 * Laws of plans over random changes of a small roster. ROLLBOOK_HISTORIES: a twentieth of it for each law (3 without it);
 * ROLLBOOK_SEED repeats them.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { changeDay, type Day, filesOf, FIRST_DAY, sourceOf } from '#test/helpers/history-roster.ts';
import { dayChange } from '#test/helpers/history-steps.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const RUNS = Math.max(1, Math.ceil(Number(process.env['ROLLBOOK_HISTORIES'] ?? '60') / 20));
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
const OPTIONS = {
  numRuns: RUNS,
  seed: SEED,
  interruptAfterTimeLimit: 300_000 + RUNS * 30_000,
  markInterruptAsFailure: true,
};

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ settings: { RUN_CONCURRENCY: '4' } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

let made = 0;
/** A profile and a prefix of its own. The limits are low: who loses two pupils of a school is asked. */
async function newProfile(
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ id: string; prefix: string }> {
  const prefix = `l${(made += 1)}-`;
  const id = await client.createProfile({ displayName: prefix });
  await client.ok('PATCH', `/api/v1/profiles/${id}/settings`, {
    limits: [{ scope: 'school', action: 'deactivate', percent: 0, count: 1 }],
    ...settings,
  });
  return { id, prefix };
}

const days = fc
  .array(fc.array(dayChange, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 })
  .map((changes) =>
    changes.reduce<Day[]>((list, of) => [...list, changeDay(list.at(-1) ?? FIRST_DAY, of)], [FIRST_DAY]),
  );
const oneChange = fc
  .array(dayChange, { minLength: 1, maxLength: 5 })
  .map((changes) => changeDay(FIRST_DAY, changes));
const files = (day: Day, prefix: string, reversed = false): Record<string, string> =>
  filesOf(sourceOf(day), prefix, reversed);
const forgetSnapshots = (): Promise<void> =>
  rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });

/** The directory of one profile, without its prefix. */
async function dumpOf(prefix: string): Promise<string[]> {
  const lines = await dumpDirectory(rollbook.db, rollbook.tenantId);
  return lines
    .filter((line) => line.includes(prefix))
    .map((line) => line.replaceAll(prefix, ''))
    .toSorted();
}

async function waitFor(runId: string): Promise<string> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const { state } = await client.ok<{ state: string }>('GET', `/api/v1/runs/${runId}`);
    if (!['queued', 'staging', 'planning', 'applying'].includes(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`run ${runId} does not end`);
}

async function preview(profile: string, upload: Record<string, string>): Promise<string> {
  await client.upload(profile, upload);
  const run = await client.ok<{ id: string }>('POST', `/api/v1/profiles/${profile}/plan`);
  assert.equal(await waitFor(run.id), 'held');
  return run.id;
}

/** What a plan says of its items, all that a reviewer decides by; in an order of its own, since that of endings means nothing. */
async function itemsOf(runId: string): Promise<unknown[]> {
  const items = await client.all(`/api/v1/runs/${runId}/plan/items`);
  const said = items.map(
    ({ kind, action, reason, sourceId, school, before: was, after: next, file, line, state }) => ({
      kind,
      action,
      reason,
      sourceId,
      school,
      before: was,
      after: next,
      file,
      line,
      held: state === 'held',
    }),
  );
  return said.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function newestRun(profile: string): Promise<string> {
  return (await client.latestRun(profile)).id;
}

test(`row order does not matter, and full and delta agree (${RUNS} times, seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(days, async (list) => {
      const dumps: string[][][] = [];
      for (const { reversed, full } of [
        { reversed: false, full: false },
        { reversed: true, full: false },
        { reversed: false, full: true },
      ]) {
        const { id, prefix } = await newProfile({ limits: [], tolerance: { percent: 0, count: 10 } });
        const own: string[][] = [];
        for (const day of list) {
          if (full) await forgetSnapshots();
          await client.sync(id, files(day, prefix, reversed));
          own.push(await dumpOf(prefix));
        }
        dumps.push(own);
      }
      assert.deepEqual(dumps[1], dumps[0], 'rows in another order');
      assert.deepEqual(dumps[2], dumps[0], 'compared with the directory');
    }),
    OPTIONS,
  );
});

test(`the plan after apply is empty (${RUNS} times, seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(oneChange, fc.boolean(), async (day, full) => {
      const { id, prefix } = await newProfile({ applyPolicy: 'atOnce' });
      await client.sync(id, files(FIRST_DAY, prefix));
      await client.sync(id, files(day, prefix));
      if (full) await forgetSnapshots();
      const again = await preview(id, files(day, prefix, true));
      assert.deepEqual(await itemsOf(again), []);
    }),
    OPTIONS,
  );
});

test(`the preview equals the run (${RUNS} times, seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(oneChange, fc.boolean(), async (day, full) => {
      const { id, prefix } = await newProfile();
      await client.sync(id, files(FIRST_DAY, prefix));
      const previewed = await preview(id, files(day, prefix));
      const promised = await itemsOf(previewed);
      if (full) await forgetSnapshots();
      await client.sync(id, files(day, prefix));
      const run = await newestRun(id);
      assert.notEqual(run, previewed);
      assert.deepEqual(await itemsOf(run), promised);
    }),
    OPTIONS,
  );
});

test(`nothing that is held is changed (${RUNS} times, seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(oneChange, async (changed) => {
      const { id, prefix } = await newProfile();
      await client.sync(id, files(FIRST_DAY, prefix));
      const [counter] = await rollbook.rows('select max(change_seq) as seq from person');
      // Something is held in every case: a school loses its pupils.
      const day = changeDay(changed, [{ what: 'emptied', school: 1 }]);
      await client.sync(id, files(day, prefix));
      const run = await newestRun(id);
      const touched = await rollbook.rows(
        `with held as (select i.* from plan_item i join run r on r.id = i.run_id
                        where i.run_id = $1 and (r.error_code = 'VerdictHeld' or exists (
                          select from plan_item_hold h where h.run_id = i.run_id and h.item_no = i.item_no and h.pass = 0)))
         select i.kind, i.action, i.source_id from held i
          where i.kind in ('org', 'class', 'student') and exists (
            select from person o where o.id = i.object_id and o.change_seq > $2 union all
            select from class o where o.id = i.object_id and o.change_seq > $2 union all
            select from org o where o.id = i.object_id and o.change_seq > $2)
         union all
         select i.kind, i.action, i.source_id from held i join role o on o.key = i.key and o.change_seq > $2
         union all
         select i.kind, i.action, i.source_id from held i join enrollment o on o.key = i.key and o.change_seq > $2`,
        [run, counter?.['seq']],
      );
      assert.deepEqual(touched, []);
    }),
    OPTIONS,
  );
});

test(`a rejected plan leaves no trace in the directory, nor in the status (${RUNS} times, seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(oneChange, oneChange, fc.boolean(), async (first, second, asPreview) => {
      const { id, prefix } = await newProfile({ limits: [], tolerance: { percent: 0, count: 10 } });
      await client.sync(id, files(first, prefix));
      await client.ok('PATCH', `/api/v1/profiles/${id}/settings`, { applyPolicy: 'alwaysAsk' });
      const dump = await dumpOf(prefix);
      const { status, errorCount, statusMessage } = await client.status(id);
      const errors = await client.all(`/beta/education/synchronizationProfiles/${id}/errors`);
      if (asPreview) await preview(id, files(second, prefix));
      else await client.sync(id, files(second, prefix));
      const runs = await client.ok<{ value: { id: string; state: string }[] }>(
        'GET',
        `/api/v1/profiles/${id}/runs`,
      );
      const run = runs.value[0];
      // Without a change there is nothing to ask about.
      fc.pre(run?.state === 'held');
      await client.ok('POST', `/api/v1/runs/${run?.id ?? ''}/reject`);
      assert.deepEqual(await dumpOf(prefix), dump);
      const now = await client.status(id);
      // The sentence says that a later plan was rejected; of a preview it never said anything.
      const rejected = asPreview ? '' : ' The plan was rejected. Nothing of it was applied.';
      assert.deepEqual(
        { status: now.status, errorCount: now.errorCount, statusMessage: now.statusMessage },
        { status, errorCount, statusMessage: statusMessage + rejected },
      );
      const strip = (list: Record<string, unknown>[]): unknown[] =>
        list.map(({ errorCode, reportableIdentifier }) => ({ errorCode, reportableIdentifier }));
      assert.deepEqual(
        strip(await client.all(`/beta/education/synchronizationProfiles/${id}/errors`)),
        strip(errors),
      );
    }),
    OPTIONS,
  );
});
