import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { StatusFacts } from '#core/run/profile-status.ts';
import { must } from '#lib/assert.ts';

import { keepProfiles, keptMs } from './profile-numbers.ts';

test('profiles that take long to be read are read less often, and at least every five minutes', () => {
  assert.equal(keptMs(1), 5_000);
  assert.equal(keptMs(50), 5_000);
  assert.equal(keptMs(1_400), 140_000);
  assert.equal(keptMs(3_900), 300_000);
});

/** Of so many profiles of which nothing is known. */
function factsOf(count: number): StatusFacts[] {
  return Array.from({ length: count }, () => ({
    state: 'provisioned',
    stateMessage: null,
    providerType: 'csv',
    expirationDate: null,
    today: '2026-09-01',
    pausedAt: null,
    pausedBecause: null,
    resetAt: null,
    quarantinedAt: null,
    quarantineReason: null,
    quarantineLastAt: null,
    quarantineNextAttemptAt: null,
    brokenRuns: 0,
    lastSynchronizationAt: null,
    lastActivityAt: null,
    errorCount: 0,
    activeRun: null,
    latestRun: null,
  }));
}

test('while profiles are read anew, whoever asks gets those of before, for ten minutes', async () => {
  let nowMs = 0;
  const readings: PromiseWithResolvers<StatusFacts[]>[] = [];
  const profilesOf = keepProfiles(
    () => {
      const reading = Promise.withResolvers<StatusFacts[]>();
      readings.push(reading);
      return reading.promise;
    },
    { nowMs: () => nowMs, patienceMs: 1 },
  );
  const countOf = async (): Promise<number | null> => (await profilesOf())?.length ?? null;

  assert.equal(await countOf(), null, 'nobody knows any yet');
  must(readings[0]).resolve(factsOf(3));
  assert.equal(await countOf(), 3);
  assert.equal(readings.length, 1);
  nowMs = 6_000;
  assert.equal(await countOf(), 3);
  assert.equal(await countOf(), 3);
  assert.equal(readings.length, 2, 'one reading at a time');
  nowMs = 600_001;
  assert.equal(await countOf(), null, 'too old');
  must(readings[1]).reject(new Error('the database went away'));
  assert.equal(await countOf(), null);
  assert.equal(await countOf(), null);
  must(readings[2]).resolve(factsOf(4));
  assert.equal(await countOf(), 4);
  assert.equal(readings.length, 3);
});
