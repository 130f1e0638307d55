import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import type { Action } from '#core/roster/kinds.ts';
import type { HeldCode } from '#core/run/held-because.ts';
import type { RunState } from '#core/run/run-state.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';

import { readWindow, readWindowRecords } from './judge-facts.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

interface PastRun {
  readonly trigger?: string;
  readonly accepted?: boolean;
  readonly planOnly?: boolean;
  readonly state?: RunState;
  readonly error?: HeldCode;
  readonly appliedItemNo?: number;
  readonly pass?: number;
  readonly action?: Action;
  readonly school?: string;
  /** Of its timeline: hours ago. */
  readonly timeline?: readonly (readonly [event: 'claimed' | 'partApplied', state: RunState, ago: number])[];
  /** A part of its plan on which somebody decided. */
  readonly part?: readonly [
    scope: 'school' | 'absence',
    id: string,
    decision: 'approved' | 'rejected' | null,
  ];
}

/** A run of so many hours ago whose plan went in, with a count: updates of students of school S1. */
async function letIn(
  profileId: string,
  hoursAgo: number,
  baseRunId: string | null,
  count: { items: number; judged: number; held: number },
  more: PastRun = {},
): Promise<string> {
  const id = realSystem.newId();
  const { trigger = 'start', accepted = false, planOnly = false, state = 'completed', error = null } = more;
  const { appliedItemNo = 0, pass = 1, action = 'update', school = 'S1', part, timeline = [] } = more;
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by, created_at, planned_at, trigger, expired_on, verdict_accepted,
                        plan_only, error_code, applied_item_no, apply_pass)
       values (current_tenant(), $1, $2, $6, 'test', now() - make_interval(hours => $3), now() - make_interval(hours => $3), $4,
               case when $4 = 'expiration' then date '2026-07-31' end, $5, $7, $8, $9, $10)`,
      [id, profileId, hoursAgo, trigger, accepted, state, planOnly, error, appliedItemNo, pass],
    );
    await tx.query(
      `insert into plan (tenant_id, run_id, roster_hash, item_count, counts, verdict, base_run_id)
       values (current_tenant(), $1, 'h', $2, '[]', '{}', $3)`,
      [id, count.items, baseRunId],
    );
    await tx.query(
      `insert into plan_count (tenant_id, run_id, school_id, kind, action, item_count, failed_count, judged_count, held_count, first_item_no, last_item_no)
       values (current_tenant(), $1, $5, 'student', $6, $2, 0, $3, $4, 1, $2)`,
      [id, count.items, count.judged, count.held, school, action],
    );
    for (const [event, eventState, ago] of timeline)
      await tx.query(
        `insert into run_event (tenant_id, run_id, id, event, state, actor, at)
         values (current_tenant(), $1, gen_random_uuid(), $2, $3, 'test', now() - make_interval(hours => $4))`,
        [id, event, eventState, ago],
      );
    if (part !== undefined)
      await tx.query(
        `insert into plan_hold (tenant_id, run_id, scope, scope_id, reasons, item_count, decision)
         values (current_tenant(), $1, $2, $3, '[]', 1, $4)`,
        [id, ...part],
      );
  });
  return id;
}

/** The items of such a run, each about another record. */
async function insertItems(
  runId: string,
  count: number,
  { action = 'update', school = 'S1' }: PastRun,
): Promise<void> {
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, school_id, before, after)
       select $1, n, 'student', case when $3 = 'move' then 'end' else $3 end, case when $3 = 'move' then 'movedToSchool' else 'x' end,
              gen_random_uuid(), $4, '{}', '{"surname": "Byron"}' from generate_series(1, $2) n`,
      [runId, count, action, school],
    ),
  );
}

/** Runs by the hours since they were made, with how many of their changes are judged; `base: null`: none was accepted before it, or none since a reset. */
type Window = readonly [
  name: string,
  runs: readonly (PastRun & { readonly ago: number; readonly count: number; readonly base?: null })[],
  expected: readonly string[],
];
const windows: readonly Window[] = [
  ...(
    [
      ['went in as a whole', {}, true],
      ['is a preview', { planOnly: true }, false],
      ['waits as a whole', { state: 'held', error: 'VerdictHeld' }, false],
      ['went in but for a part', { state: 'held', error: 'PartHeld' }, true],
      ['was cancelled after a batch', { state: 'cancelled', appliedItemNo: 1 }, true],
      ['was cancelled before', { state: 'cancelled' }, false],
      ['broke off before', { state: 'broken' }, false],
      ['broke off in its second pass', { state: 'broken', pass: 2 }, true],
      ['was turned down', { state: 'rejected', error: 'VerdictHeld' }, false],
    ] as const
  ).map(([name, more, counts]): Window => [
    `a run that ${name}`,
    [
      { ago: 100, count: 1, accepted: true },
      { ago: 50, count: 10, ...more },
    ],
    counts ? ['S1 update 10'] : [],
  ]),
  [
    'the first plan of a profile is accepted',
    [
      { ago: 50, count: 10, base: null, action: 'create' },
      { ago: 40, count: 3 },
    ],
    ['S1 update 3'],
  ],
  ['so is one that links', [{ ago: 50, count: 10, base: null, action: 'link' }], []],
  [
    'the first plan of a profile that finds what another one left is not',
    [{ ago: 50, count: 10, base: null }],
    ['S1 update 10'],
  ],
  [
    'nor is the first after a reset',
    [
      { ago: 60, count: 1, accepted: true },
      { ago: 50, count: 10, base: null, action: 'create' },
    ],
    ['S1 create 10'],
  ],
  [
    'what is older than the hours of the window',
    [
      { ago: 200, count: 1, accepted: true },
      { ago: 169, count: 10 },
      { ago: 167, count: 3 },
    ],
    ['S1 update 3'],
  ],
  [
    'a plan of long ago that was suspended, and went in when the profile was resumed',
    [
      { ago: 300, count: 1, accepted: true },
      { ago: 250, count: 10, timeline: [['claimed', 'applying', 160]] },
      { ago: 240, count: 20, timeline: [['claimed', 'applying', 230]] },
      { ago: 230, count: 40, timeline: [['claimed', 'staging', 160]] },
    ],
    ['S1 update 10'],
  ],
  [
    'a plan of long ago of which a part was approved now: what went in at once counts no more',
    [
      { ago: 300, count: 1, accepted: true },
      {
        ago: 250,
        count: 10,
        pass: 2,
        timeline: [
          ['partApplied', 'held', 249],
          ['claimed', 'applying', 10],
        ],
      },
    ],
    [],
  ],
  [
    'an accepted plan is measured by no more, nor is what was before it',
    [
      { ago: 60, count: 1, accepted: true },
      { ago: 50, count: 10 },
      { ago: 40, count: 5, accepted: true },
      { ago: 30, count: 3 },
    ],
    ['S1 update 3'],
  ],
  [
    'nor is a school that was approved: of each school the last time counts',
    [
      { ago: 90, count: 1, accepted: true },
      { ago: 80, count: 10, part: ['school', 'S1', 'approved'] },
      { ago: 70, count: 20 },
      { ago: 60, count: 7, school: 'S2' },
      { ago: 50, count: 30, part: ['school', 'S1', 'approved'] },
      { ago: 40, count: 3 },
    ],
    ['S1 update 3', 'S2 update 7'],
  ],
  [
    'changes are told apart as the limits do',
    [
      { ago: 90, count: 1, accepted: true },
      ...(['create', 'link', 'reactivate', 'deactivate', 'end', 'move', 'update'] as const).map(
        (action, n) => ({
          ago: 80 - n,
          count: 2 ** n,
          action,
        }),
      ),
    ],
    ['S1 create 7', 'S1 deactivate 24', 'S1 move 32', 'S1 update 64'],
  ],
  [
    'a school that was turned down, or waits, is measured as before; so is one that is called as a file whose endings were approved',
    [
      { ago: 90, count: 1, accepted: true },
      { ago: 80, count: 10, part: ['school', 'S1', 'rejected'] },
      { ago: 70, count: 20, part: ['school', 'S1', null] },
      { ago: 60, count: 30, part: ['absence', 'S1', 'approved'] },
    ],
    ['S1 update 60'],
  ],
];
for (const [name, runs, expected] of windows)
  test(`what went in by itself: ${name}`, async () => {
    const profileId = await insertProfile(database.db, database.tenantId);
    let last: string | null = realSystem.newId();
    for (const { ago, count, base, ...more } of runs) {
      const changes = { items: count, judged: count, held: 0 };
      last = await letIn(profileId, ago, base === null ? null : last, changes, more);
      await insertItems(last, count, more);
    }
    // Of records that changed once each the sums say what the records do.
    for (const read of [readWindow, readWindowRecords]) {
      const window = await inTenant(database.db, database.tenantId, (tx) =>
        read(tx, profileId, realSystem.newId(), 7 * 24),
      );
      assert.deepEqual(
        window.map(({ school, action, count }) => `${school} ${action} ${count}`).toSorted(),
        expected,
        read.name,
      );
    }
  });

test('what went in by itself: neither the run itself nor those of another profile', async () => {
  const [profileId, other] = [
    await insertProfile(database.db, database.tenantId),
    await insertProfile(database.db, database.tenantId),
  ];
  const first = await letIn(profileId, 60, null, { items: 1, judged: 1, held: 0 }, { accepted: true });
  await letIn(other, 50, null, { items: 10, judged: 10, held: 0 });
  const own = await letIn(profileId, 40, first, { items: 10, judged: 10, held: 0 });
  const window = await inTenant(database.db, database.tenantId, (tx) =>
    readWindow(tx, profileId, own, 7 * 24),
  );
  assert.deepEqual(window, []);
});

test('what was held and counts for nothing hides nothing of what other days let in', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const first = await letIn(profileId, 50, null, { items: 400, judged: 0, held: 0 });
  // New grades of a whole school, held for another reason: held, and not judged.
  const second = await letIn(profileId, 40, first, { items: 400, judged: 0, held: 400 });
  const third = await letIn(profileId, 30, second, { items: 250, judged: 250, held: 0 });
  // Part of it held: of 90, of which 80 are judged, 20 went in, all of them judged perhaps.
  await letIn(profileId, 20, third, { items: 90, judged: 80, held: 70 });
  const window = await inTenant(database.db, database.tenantId, (tx) =>
    readWindow(tx, profileId, realSystem.newId(), 7 * 24),
  );
  assert.deepEqual(window, [{ school: 'S1', kind: 'student', action: 'update', count: 270 }]);
});

test('an approval of what uploads did is what later ones are measured by; that of an expiration says nothing of them', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const sums = async (): Promise<number[]> => {
    const window = await inTenant(database.db, database.tenantId, (tx) =>
      readWindow(tx, profileId, realSystem.newId(), 7 * 24),
    );
    return window.map(({ count }) => count);
  };
  const accepted = { accepted: true };
  const first = await letIn(profileId, 50, null, { items: 10, judged: 10, held: 0 }, accepted);
  const second = await letIn(profileId, 40, first, { items: 20, judged: 20, held: 0 });
  await letIn(
    profileId,
    30,
    second,
    { items: 500, judged: 500, held: 0 },
    { trigger: 'expiration', ...accepted },
  );
  assert.deepEqual(await sums(), [20]);
  await letIn(profileId, 20, second, { items: 500, judged: 500, held: 0 }, accepted);
  assert.deepEqual(await sums(), []);
});

test('of a run that went in, what was set aside counts neither while it waits nor once somebody has approved it', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const first = await letIn(profileId, 50, null, { items: 1, judged: 1, held: 0 }, { accepted: true });
  const run = await letIn(profileId, 40, first, { items: 6, judged: 6, held: 1 });
  const records = await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, school_id, file)
       select $1, n, 'student', 'deactivate', 'absent', gen_random_uuid(), 'S1', 'student.csv' from generate_series(1, 6) n`,
      [run],
    );
    await tx.query(
      `insert into plan_item_hold (tenant_id, run_id, item_no, scope, scope_id, pass)
       select current_tenant(), $1, n, 'absence', 'student.csv', n - 1 from generate_series(1, 3) n`,
      [run],
    );
    return readWindowRecords(tx, profileId, realSystem.newId(), 7 * 24);
  });
  assert.deepEqual(records, [{ school: 'S1', kind: 'student', action: 'deactivate', count: 3 }]);
});

test('by records: each counts once, and not what failed, what changes every year, or what this plan changes in the same way', async () => {
  const profileId = await insertProfile(database.db, database.tenantId);
  const first = await letIn(profileId, 50, null, { items: 1, judged: 1, held: 0 }, { accepted: true });
  const [one, two, own] = [
    await letIn(profileId, 40, first, { items: 4, judged: 4, held: 0 }),
    await letIn(profileId, 30, first, { items: 4, judged: 4, held: 0 }),
    await letIn(profileId, 1, first, { items: 3, judged: 3, held: 0 }, { state: 'planning' }),
  ];
  const records = await inTenant(database.db, database.tenantId, async (tx) => {
    // Kind, action, record, and the property that changes.
    for (const [runId, items] of [
      [one, ['student end a', 'student end b', 'student end c', 'student end failed']],
      [
        two,
        [
          'student end b',
          'student end c',
          'student update a',
          'student update m mailNickname',
          'student update g grade',
          'role update r',
          'enrollment update e',
          'class update k',
          'class update n mailNickname',
        ],
      ],
      [own, ['student end a', 'student update b', 'student update c']],
    ] as const)
      for (const [index, item] of items.entries()) {
        const [kind, action, name, property = 'surname'] = item.split(' ');
        await tx.query(
          `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, school_id, before, after)
           values ($1, $2, $3, $4, 'x', md5($5)::uuid, 'S1', '{}', $6)`,
          [runId, index + 1, kind, action, name, { [property]: '1' }],
        );
      }
    await tx.query(
      `insert into plan_item_failure (tenant_id, run_id, item_no, code, message) values (current_tenant(), $1, 4, 'StaleItem', 'x')`,
      [one],
    );
    return readWindowRecords(tx, profileId, own, 7 * 24);
  });
  assert.deepEqual(records.map(({ kind, action, count }) => `${kind} ${action} ${count}`).toSorted(), [
    'class update 1',
    'student deactivate 2',
    'student update 2',
  ]);
});
