/** The verdict is made from less than everything: what is active up to where it matters, and sums of the days before. It is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';

import { KINDS, type Kind } from '../roster/kinds.ts';
import type { LimitRule } from './limits.ts';
import { exceedsLimits, judge, type PlanCount, schoolsToCount, type WindowCount } from './verdict.ts';

const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

test(`what is active counts up to where the limits let all pass: the verdict is as with all of it (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const one = <T>(list: readonly T[]): T => must(list[upTo(list.length - 1)]);
  let held = 0;
  let capped = 0;
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
    const toCount = schoolsToCount({ counts, window, rules, deactivationLimit });
    const asked = active.flatMap(({ school, kind, count }) => {
      const enough = toCount.get(kind)?.get(school);
      if (enough !== undefined && enough < count) capped += 1;
      return enough === undefined ? [] : [{ school, kind, count: Math.min(count, enough) }];
    });
    const input = {
      counts,
      window,
      activeByKind: Object.fromEntries(KINDS.map((kind) => [kind, 2_000])) as Record<Kind, number>,
      schoolNames: new Map<string, string>(),
      rules,
      deactivationLimit,
      unmatchedLimit: { percent: 20, count: 25 },
      unmatched: { count: 0, people: 0 },
      unproven: [],
      reused: [],
      policy: 'whenClean' as const,
    };
    const whole = judge({ ...input, activeBySchool: active });
    assert.deepEqual(judge({ ...input, activeBySchool: asked }), whole, `round ${round}`);
    if (whole.outcome !== 'clean') held += 1;
    // Sums say of no cell less than the records, and more where a record changed several times.
    const sums = window.map((entry) => ({ ...entry, count: entry.count + upTo(40) }));
    const cautious = { ...input, window: sums, cautious: true };
    const enough = schoolsToCount(cautious);
    const bySums = judge({
      ...cautious,
      activeBySchool: active.flatMap(({ school, kind, count }) => {
        const most = enough.get(kind)?.get(school);
        return most === undefined ? [] : [{ school, kind, count: Math.min(count, most) }];
      }),
    });
    if (!exceedsLimits(bySums)) assert.deepEqual(bySums, whole, `round ${round}, by sums`);
    if (exceedsLimits(bySums) && whole.outcome === 'clean') doubted += 1;
  }
  assert.ok(held > 100 && held < 1_900 && capped > 100 && doubted > 10, 'the rounds are of all sorts');
});
