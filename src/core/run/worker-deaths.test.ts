import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { RunState } from './run-state.ts';
import { afterDeath, areTooMany, type RunReach, type WorkerDeaths } from './worker-deaths.ts';

const CLAIMED = new Date('2026-11-02T01:00:00Z');
const at = (state: RunState, itemNo = 0, pass = 1): RunReach => ({ state, pass, itemNo });
const later = (seconds: number): Date => new Date(CLAIMED.getTime() + seconds * 1000);

/** One death after the other, a minute apart. */
function deathsAt(...reaches: readonly RunReach[]): WorkerDeaths | null {
  let deaths: WorkerDeaths | null = null;
  for (const [minute, reach] of reaches.entries())
    deaths = afterDeath(deaths, { claimedAt: later(minute * 60), at: reach });
  return deaths;
}

const cases: [what: string, reaches: RunReach[], count: number, sinceMinute: number][] = [
  ['one', [at('staging')], 1, 0],
  ['at the same place', [at('staging'), at('staging'), at('staging')], 3, 0],
  ['a stage further', [at('staging'), at('staging'), at('planning')], 1, 2],
  [
    'a stage that was reached before is no further one',
    [at('planning'), at('staging'), at('planning'), at('staging')],
    4,
    0,
  ],
  ['from the plan to its items', [at('planning'), at('applying')], 1, 1],
  ['the same item', [at('applying', 40), at('applying', 40)], 2, 0],
  ['an item further each time', [at('applying', 40), at('applying', 41), at('applying', 42)], 1, 2],
  ['the next pass, which begins at its first item', [at('applying', 40), at('applying', 0, 2)], 1, 1],
];
for (const [what, reaches, count, sinceMinute] of cases)
  test(`workers that died: ${what}`, () => {
    const deaths = deathsAt(...reaches);
    assert.deepEqual([deaths?.count, deaths?.since], [count, later(sinceMinute * 60).toISOString()]);
  });

test('too many are five, and not within less than five leases of the usual length', () => {
  const deaths = { since: CLAIMED.toISOString(), reached: at('staging') };
  assert.equal(areTooMany({ ...deaths, count: 4 }, later(3_600)), false);
  assert.equal(areTooMany({ ...deaths, count: 5 }, later(149)), false);
  assert.equal(areTooMany({ ...deaths, count: 200 }, later(149)), false);
  assert.equal(areTooMany({ ...deaths, count: 5 }, later(150)), true);
});
