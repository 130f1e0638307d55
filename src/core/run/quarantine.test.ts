import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  afterBrokenRun,
  afterCompletedRun,
  type EscrowCounts,
  escrowMinimum,
  judgeEscrow,
  QUARANTINE_REASONS,
  QUARANTINE_TEXTS,
  quarantineMessage,
  readQuarantineReason,
} from './quarantine.ts';

const PROPORTION = 'EncounteredEscrowProportionThreshold';
const BASE = 'EncounteredBaseEscrowThreshold';
const TOTAL = 'EncounteredTotalEscrowThreshold';

test('the minimum: 25, or 1 % of the records', () => {
  assert.deepEqual([0, 2_499, 2_501, 800_000].map(escrowMinimum), [25, 25, 26, 8_000]);
});

const JUDGED: [name: string, counts: EscrowCounts, later: string | null, first: string | null][] = [
  ['nothing failed', { records: 100, objects: 50, ownFailures: 0, allFailures: 0 }, null, null],
  [
    'all of a tiny roster, below the minimum',
    { records: 60, objects: 24, ownFailures: 24, allFailures: 60 },
    null,
    null,
  ],
  [
    'all of a small roster',
    { records: 60, objects: 25, ownFailures: 25, allFailures: 60 },
    PROPORTION,
    PROPORTION,
  ],
  ['40 % exactly', { records: 300, objects: 100, ownFailures: 40, allFailures: 120 }, null, null],
  ['above 40 %', { records: 300, objects: 100, ownFailures: 41, allFailures: 120 }, PROPORTION, PROPORTION],
  [
    '8 times the minimum exactly',
    { records: 2_500, objects: 1_000, ownFailures: 200, allFailures: 200 },
    null,
    null,
  ],
  [
    'above 8 times the minimum',
    { records: 2_500, objects: 1_000, ownFailures: 201, allFailures: 201 },
    BASE,
    null,
  ],
  [
    '12 times the minimum with those that wait',
    { records: 2_500, objects: 1_000, ownFailures: 60, allFailures: 300 },
    null,
    null,
  ],
  [
    'above 12 times the minimum with those that wait',
    { records: 2_500, objects: 1_000, ownFailures: 60, allFailures: 301 },
    TOTAL,
    null,
  ],
];
for (const [name, counts, later, first] of JUDGED) {
  test(`${name}: ${later ?? 'no quarantine'}; on the first run: ${first ?? 'none'}`, () => {
    assert.equal(judgeEscrow(counts, false), later);
    assert.equal(judgeEscrow(counts, true), first);
  });
}

test('a completed run ends a quarantine, but not one that an administrator ordered', () => {
  assert.equal(afterCompletedRun('IngestionInterrupted', null), null);
  assert.equal(afterCompletedRun(PROPORTION, BASE), BASE);
  assert.equal(afterCompletedRun('QuarantinedOnDemand', null), 'QuarantinedOnDemand');
  assert.equal(afterCompletedRun('QuarantinedOnDemand', PROPORTION), 'QuarantinedOnDemand');
});

test('five breaks in a row; another reason stays until then', () => {
  assert.equal(afterBrokenRun(null, 4), null);
  assert.equal(afterBrokenRun(null, 5), 'IngestionInterrupted');
  assert.equal(afterBrokenRun(PROPORTION, 1), PROPORTION);
  assert.equal(afterBrokenRun(PROPORTION, 5), 'IngestionInterrupted');
  assert.equal(afterBrokenRun('QuarantinedOnDemand', 9), 'QuarantinedOnDemand');
});

test('each reason has a title, a remedy and a sentence with its times', () => {
  const since = new Date('2026-09-01T08:00:00Z');
  for (const reason of QUARANTINE_REASONS) {
    const { title, remedy } = QUARANTINE_TEXTS[reason];
    const message = quarantineMessage({ reason, since, lastAt: since, nextAttemptAt: since }, null);
    for (const part of [title, remedy, reason, 'Next attempt: 2026-09-01T08:00:00.000Z'])
      assert.ok(message.includes(part), message);
  }
});

test('times are told as far as there are any: the last one where it is another than the first', () => {
  const since = new Date('2026-09-01T08:00:00Z');
  const said = (lastAt: Date | null, nextAttemptAt: Date | null): string =>
    quarantineMessage({ reason: 'Unknown', since, lastAt, nextAttemptAt }, null);
  for (const lastAt of [null, since])
    assert.match(said(lastAt, null), /since 2026-09-01T08:00:00\.000Z \(Unknown\)/u);
  assert.doesNotMatch(said(since, null), /Next attempt/u);
  assert.match(
    said(new Date('2026-09-02T08:00:00Z'), null),
    /since 2026-09-01T08:00:00\.000Z, last at 2026-09-02T08:00:00\.000Z \(Unknown\)/u,
  );
});

test('what is stored is read; what this version does not know is Unknown', () => {
  for (const reason of QUARANTINE_REASONS) assert.equal(readQuarantineReason(reason), reason);
  assert.deepEqual([null, 'Later'].map(readQuarantineReason), ['Unknown', 'Unknown']);
});
