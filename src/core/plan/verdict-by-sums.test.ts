/** The verdict is made from sums of the days before, and not from their records. Where it exceeds no limit it is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';

import { KINDS, type Kind } from '../roster/kinds.ts';
import type { LimitRule } from './limits.ts';
import { exceedsLimits, judge, type PlanCount, type WindowCount } from './verdict.ts';

const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

test(`what exceeds no limit by the sums of the days before has the verdict of their records (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const one = <T>(list: readonly T[]): T => must(list[upTo(list.length - 1)]);
  let held = 0;
  let doubted = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const cell = () => ({
      school: one(['S1', 'S2']),
      kind: one(['student', 'enrollment', 'class'] as const),
    });
    const counts = Array.from({ length: 3 }, (): PlanCount => {
      const count = upTo(one([20, 200]));
      return { ...cell(), action: one(['create', 'update', 'end', 'move'] as const), count, judged: count };
    });
    const window = Array.from({ length: upTo(2) }, (): WindowCount => ({
      ...cell(),
      action: one(['create', 'update', 'deactivate', 'move'] as const),
      count: upTo(150),
    }));
    const rules = Array.from({ length: upTo(2) }, (): LimitRule => ({
      scope: 'school',
      action: one(['create', 'deactivate'] as const),
      kind: null,
      school: null,
      percent: one([0, 1e-20, 0.3, 7, 33.3, 150]),
      count: upTo(30),
    }));
    const deactivationLimit = { percent: 10, count: 25 };
    const active = ['S1', 'S2'].flatMap((school) =>
      (['student', 'enrollment', 'class'] as const).map((kind) => ({
        school,
        kind,
        count: upTo(one([40, 900])),
      })),
    );
    const input = {
      counts,
      window,
      activeBySchool: active,
      activeByKind: Object.fromEntries(KINDS.map((kind) => [kind, 2_000])) as Record<Kind, number>,
      schoolNames: new Map<string, string>(),
      rules,
      deactivationLimit,
      unmatchedLimit: { percent: 20, count: 25 },
      unmatched: { count: 0, people: 0 },
      unproven: [],
      reused: [],
      withoutTeacher: [],
      policy: 'whenClean' as const,
    };
    const whole = judge(input);
    if (whole.outcome !== 'clean') held += 1;
    // Sums say of no cell less than the records, and more where a record changed several times.
    const sums = window.map((entry) => ({ ...entry, count: entry.count + upTo(40) }));
    const bySums = judge({ ...input, window: sums, cautious: true });
    if (!exceedsLimits(bySums)) assert.deepEqual(bySums, whole, `round ${round}`);
    if (exceedsLimits(bySums) && whole.outcome === 'clean') doubted += 1;
  }
  assert.ok(held > 100 && held < 1_900 && doubted > 10, 'the rounds are of all sorts');
});
