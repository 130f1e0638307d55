import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { RunState } from '#core/run/run-state.ts';
import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { inTenant } from '../database.ts';
import { readStatusFacts, readStatusFactsOnce } from './read-status-facts.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

interface Run {
  readonly state: RunState;
  readonly planOnly?: boolean;
  readonly appliedItemNo?: number;
  readonly counts?: unknown;
}

/** A profile with these runs, the oldest first. @returns its facts, with the runs as their places in the list. */
async function factsOf(runs: readonly Run[], resetAfter?: number) {
  const { db, tenantId } = database;
  const profileId = await insertProfile(db, tenantId);
  const ids = runs.map(() => realSystem.newId());
  await inTenant(db, tenantId, async (tx) => {
    for (const [place, { state, planOnly = false, appliedItemNo = 0, counts = null }] of runs.entries())
      await tx.query(
        `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, plan_only, applied_item_no, counts)
         values (current_tenant(), $1, $2, $3, 'test', '2026-09-01'::timestamptz + make_interval(hours => $4), $5, $6, $7)`,
        [ids[place], profileId, state, place, planOnly, appliedItemNo, counts],
      );
    if (resetAfter !== undefined)
      await tx.query(
        `update profile set reset_at = '2026-09-01'::timestamptz + make_interval(hours => $2, mins => 30) where id = $1`,
        [profileId, resetAfter],
      );
  });
  const facts = must(await inTenant(db, tenantId, (tx) => readStatusFacts(tx, profileId)));
  assert.deepEqual(await readStatusFactsOnce(db, tenantId, profileId), facts, 'the same in one round trip');
  const place = (run: { id: string } | null | undefined): number | null => (run ? ids.indexOf(run.id) : null);
  const { activeRun, latestRun, cancelledRun } = facts;
  return { facts, runs: [place(activeRun), place(latestRun), place(cancelledRun)] };
}

const CASES: [name: string, runs: readonly Run[], expected: (number | null)[], resetAfter?: number][] = [
  ['no run', [], [null, null, null]],
  ['the newest counts', [{ state: 'completed' }, { state: 'broken' }], [null, 1, null]],
  [
    'one that executes is active, and the newest',
    [{ state: 'completed' }, { state: 'applying' }],
    [1, 1, null],
  ],
  ['of two that are active the one that executes', [{ state: 'staging' }, { state: 'queued' }], [0, 1, null]],
  [
    'a newer one that was cancelled untouched is told beside',
    [{ state: 'completed' }, { state: 'cancelled' }],
    [null, 0, 1],
  ],
  ['also one whose plan was rejected', [{ state: 'held' }, { state: 'rejected' }], [null, 0, 1]],
  [
    'the newest of several',
    [{ state: 'completed' }, { state: 'cancelled' }, { state: 'rejected' }],
    [null, 0, 2],
  ],
  ['not an older one', [{ state: 'cancelled' }, { state: 'completed' }], [null, 1, null]],
  [
    'one that was cancelled with a part applied counts',
    [{ state: 'completed' }, { state: 'cancelled', appliedItemNo: 5 }],
    [null, 1, null],
  ],
  ['a cancelled one alone', [{ state: 'cancelled' }], [null, null, 0]],
  ['replaced ones are no runs', [{ state: 'completed' }, { state: 'superseded' }], [null, 0, null]],
  [
    'nor are previews',
    [{ state: 'completed' }, { state: 'queued', planOnly: true }, { state: 'held', planOnly: true }],
    [null, 0, null],
  ],
  ['an executing one behind a cancelled one', [{ state: 'planning' }, { state: 'cancelled' }], [0, 0, 1]],
  [
    'nothing before a reset',
    [{ state: 'completed' }, { state: 'cancelled' }, { state: 'completed' }],
    [null, 2, null],
    1,
  ],
  ['nothing at all before a reset', [{ state: 'completed' }, { state: 'cancelled' }], [null, null, null], 1],
];
for (const [name, runs, expected, resetAfter] of CASES) {
  test(`active, latest and cancelled run: ${name}`, async () => {
    assert.deepEqual((await factsOf(runs, resetAfter)).runs, expected);
  });
}

test('the totals of a run are the sums of its counts over all kinds and files', async () => {
  const kind = {
    records: 10,
    created: 1,
    linked: 2,
    updated: 3,
    reactivated: 4,
    ended: 5,
    held: 6,
    unchanged: 7,
  };
  const { facts } = await factsOf([
    {
      state: 'completed',
      counts: {
        kinds: { org: kind, class: { ...kind, records: 5, ended: 0 } },
        files: [
          { file: 'a', badRows: 99_999 },
          { file: 'b', badRows: 2 },
        ],
        filesToConfirm: ['teacher.csv'],
        timings: { plan: 1 },
      },
    },
  ]);
  assert.deepEqual(facts.latestRun?.totals, {
    records: 15,
    created: 2,
    linked: 4,
    updated: 6,
    reactivated: 8,
    ended: 5,
    badRows: 100_001,
    filesToConfirm: ['teacher.csv'],
  });
});

test('a run without counts has no totals; one that only measured time counted nothing', async () => {
  assert.equal((await factsOf([{ state: 'completed' }])).facts.latestRun?.totals, null);
  const { facts } = await factsOf([{ state: 'completed', counts: { timings: { plan: 1 } } }]);
  assert.deepEqual(
    [
      facts.latestRun?.totals?.records,
      facts.latestRun?.totals?.badRows,
      facts.latestRun?.totals?.filesToConfirm,
    ],
    [null, 0, []],
  );
});
