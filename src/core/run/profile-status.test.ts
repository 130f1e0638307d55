import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  deriveProfileStatus,
  type ProfileStatus,
  type RunFacts,
  type RunTotals,
  type StatusFacts,
} from './profile-status.ts';
import type { RunState } from './run-state.ts';

const at = new Date('2026-09-01T08:00:00Z');

const base: StatusFacts = {
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
  lastSynchronizationAt: at,
  lastActivityAt: at,
  errorCount: 0,
  activeRun: null,
  latestRun: null,
};

function run(state: RunState, more: Partial<RunFacts> = {}): RunFacts {
  return {
    id: 'r',
    state,
    errorCode: null,
    message: null,
    progress: null,
    totals: null,
    nextAttemptAt: null,
    ...more,
  };
}

const nothingCounted: RunTotals = {
  records: null,
  created: null,
  linked: null,
  updated: null,
  reactivated: null,
  ended: null,
  badRows: 0,
  filesToConfirm: [],
};

const completed = run('completed');
const held = (errorCode: string): RunFacts => run('held', { errorCode });

const cancelled = (message: string): RunFacts => run('cancelled', { message });
const LINES: [name: string, facts: Partial<StatusFacts>, status: ProfileStatus, message: RegExp][] = [
  ['queued', { activeRun: run('queued'), latestRun: run('queued') }, 'inProgress', /queued/u],
  [
    'staging',
    { activeRun: run('staging'), latestRun: run('staging') },
    'inProgress',
    /checking the uploaded files/u,
  ],
  ['planning', { activeRun: run('planning') }, 'inProgress', /what has changed/u],
  [
    'applying',
    {
      activeRun: run('applying', {
        progress: { stage: 'applying', percent: 60, itemsDone: 3, itemsTotal: 9 },
      }),
    },
    'inProgress',
    /directory: 3 of 9/u,
  ],
  [
    'applying, with an estimate',
    {
      activeRun: run('applying', {
        progress: { stage: 'applying', percent: 60, itemsDone: 3, itemsTotal: 9, secondsLeft: 125 },
      }),
    },
    'inProgress',
    /directory: 3 of 9 changes, about 2 min left\.$/u,
  ],
  [
    'a run wins over quarantine',
    { activeRun: run('queued'), quarantinedAt: at, brokenRuns: 5 },
    'inProgress',
    /queued/u,
  ],
  ['a run wins over errors', { activeRun: run('staging'), errorCount: 4 }, 'inProgress', /./u],
  [
    'a run wins over expiry',
    { activeRun: run('applying'), expirationDate: '2026-08-01' },
    'inProgress',
    /./u,
  ],
  [
    'a new run behind a held one',
    { activeRun: run('queued'), latestRun: held('VerdictHeld') },
    'inProgress',
    /./u,
  ],
  ['paused', { pausedAt: at, latestRun: completed }, 'paused', /Paused since 2026-09-01.*Resume/u],
  [
    'paused with a reason',
    { pausedAt: at, pausedBecause: 'holidays', latestRun: completed },
    'paused',
    /holidays/u,
  ],
  [
    'paused while a batch ends',
    { pausedAt: at, activeRun: run('applying') },
    'paused',
    /stops at its next batch/u,
  ],
  [
    'paused wins over quarantine',
    { pausedAt: at, quarantinedAt: at, latestRun: run('broken') },
    'paused',
    /./u,
  ],
  ['paused wins over a held run', { pausedAt: at, latestRun: held('VerdictHeld') }, 'paused', /./u],
  [
    'what follows an expiration waits',
    {
      expirationDate: '2026-09-01',
      profileId: 'p',
      latestRun: run('held', {
        trigger: 'expiration',
        errorCode: 'ApprovalNeeded',
        message: '2 classes would be marked',
      }),
    },
    'paused',
    /expired on 2026-09-01.* 2 classes would be marked\..*rollbook plan p --run r.*rollbook approve r .*rollbook reject r/u,
  ],
  [
    'what follows an expiration is worked out',
    { expirationDate: '2026-09-01', activeRun: run('planning', { trigger: 'expiration' }) },
    'inProgress',
    /what follows the expiration/u,
  ],
  [
    'expired today',
    { expirationDate: '2026-09-01', latestRun: completed },
    'paused',
    /expired on 2026-09-01/u,
  ],
  ['expires tomorrow', { expirationDate: '2026-09-02', latestRun: completed }, 'success', /./u],
  ['never started', {}, 'paused', /never started/u],
  ['never started, provisioning', { state: 'provisioning' }, 'paused', /being provisioned/u],
  [
    'never started, failed',
    { state: 'provisioningFailed', stateMessage: 'no column X' },
    'paused',
    /No column X\./u,
  ],
  [
    'a provider that does not run',
    { providerType: 'oneRosterApi' },
    'paused',
    /does not run OneRoster API profiles yet/u,
  ],
  ['started before the reset only', { resetAt: at }, 'paused', /was reset at/u],
  ['suspended', { latestRun: run('suspended') }, 'paused', /Resume/u],
  ['always asks', { latestRun: held('ApprovalNeeded') }, 'paused', /always asks/u],
  [
    'always asks wins over quarantine',
    { latestRun: held('ApprovalNeeded'), quarantinedAt: at },
    'paused',
    /./u,
  ],
  [
    'quarantined',
    { quarantinedAt: at, brokenRuns: 5, latestRun: run('broken', { message: 'disk full' }) },
    'quarantined',
    /5 times in a row.*Disk full\./u,
  ],
  [
    'quarantined: reason, first and last time, next attempt and what to do',
    {
      quarantinedAt: at,
      quarantineReason: 'EncounteredEscrowProportionThreshold',
      quarantineLastAt: new Date('2026-09-02T08:00:00Z'),
      quarantineNextAttemptAt: new Date('2026-09-03T08:00:00Z'),
      latestRun: completed,
      errorCount: 40,
    },
    'quarantined',
    /since 2026-09-01T08.*last at 2026-09-02T08.*EncounteredEscrowProportionThreshold.*Next attempt: 2026-09-03T08.*Read the errors/u,
  ],
  [
    'quarantine wins over a held run, and says what waits',
    { quarantinedAt: at, brokenRuns: 5, latestRun: held('VerdictHeld') },
    'quarantined',
    /A run waits\. .*Resume the profile to accept this plan/u,
  ],
  [
    'a quarantine that was ordered is ended first',
    { quarantinedAt: at, quarantineReason: 'QuarantinedOnDemand', latestRun: held('PartHeld') },
    'quarantined',
    /the resume that ends the quarantine does not accept it: .*Resume the profile to end it\.$/u,
  ],
  [
    'too many record errors',
    { latestRun: held('ValidationFailed'), errorCount: 40 },
    'validationError',
    /resume the profile to go on without/u,
  ],
  [
    'the verdict holds',
    {
      latestRun: run('held', { errorCode: 'VerdictHeld', message: '40 of 50 students would be deactivated' }),
    },
    'validationError',
    /40 of 50 students would be deactivated\. Nothing was changed\. Resume/u,
  ],
  [
    'a file is missing',
    {
      latestRun: run('held', {
        errorCode: 'FilesNeedConfirmation',
        message: 'Teacher.csv is missing',
        totals: { ...nothingCounted, filesToConfirm: ['teacher.csv', 'teacherroster.csv'] },
      }),
    },
    'validationError',
    /resume with \{"confirmEmptyFiles":\["teacher\.csv","teacherroster\.csv"\]\}/u,
  ],
  ['a bad header', { latestRun: held('FilesUnusable') }, 'validationError', /Upload corrected files/u],
  ['an unknown reason', { latestRun: held('SomethingNew') }, 'validationError', /Upload corrected files/u],
  ['held wins over errors', { latestRun: held('VerdictHeld'), errorCount: 3 }, 'validationError', /./u],
  [
    'broke off',
    { latestRun: run('broken', { message: 'The database was gone', nextAttemptAt: at }) },
    'error',
    /database was gone\. It is tried again at 2026-09-01/u,
  ],
  [
    'dropped one record',
    { latestRun: completed, errorCount: 1 },
    'error',
    /1 record is not in the directory/u,
  ],
  [
    'dropped records',
    { latestRun: completed, errorCount: 7 },
    'error',
    /7 records are not in the directory/u,
  ],
  [
    'more dropped rows than errors are kept',
    {
      latestRun: run('completed', { totals: { ...nothingCounted, badRows: 100_000 } }),
      errorCount: 10_000,
    },
    'error',
    /100000 records are not in the directory.*first 10000 errors/u,
  ],
  ['success', { latestRun: completed }, 'success', /Every record of the source/u],
  [
    'success in its own words',
    { latestRun: run('completed', { message: 'Nothing had changed' }) },
    'success',
    /^Nothing had changed\.$/u,
  ],
  [
    'cancelled with a part applied',
    {
      latestRun: cancelled('Cancelled by Ada after 1 of 3 changes; the rest was not applied.'),
      errorCount: 4,
    },
    'error',
    /^Cancelled by Ada after 1 of 3 changes; the rest was not applied\. Upload the files and start again/u,
  ],
  [
    'cancelled before anything was changed',
    { latestRun: completed, cancelledRun: cancelled('Cancelled by Ada before anything was changed.') },
    'success',
    /in the directory\. A later run was cancelled by Ada before anything was changed\.$/u,
  ],
  [
    'a run follows one that was cancelled',
    { activeRun: run('queued'), cancelledRun: cancelled('Cancelled by Ada before anything was changed.') },
    'inProgress',
    /in a moment\.$/u,
  ],
  [
    'cancelled before anything was changed, and nothing before it',
    { cancelledRun: cancelled('Cancelled by Ada before anything was changed.') },
    'paused',
    /^Nothing was synced yet\..* A run was cancelled by Ada before anything was changed\.$/u,
  ],
  [
    'a later plan was rejected',
    { latestRun: completed, cancelledRun: run('rejected', { message: 'The plan was rejected: too early' }) },
    'success',
    /in the directory\. The plan was rejected: too early\.$/u,
  ],
  [
    'queued behind a blackout',
    { activeRun: run('queued', { nextAttemptAt: at, message: 'no sync begins at night' }) },
    'inProgress',
    /starts at 2026-09-01T\S+Z\. No sync begins at night\.$/u,
  ],
  [
    'reading, in rows',
    { activeRun: run('staging', { progress: { rowsDone: 1200, secondsLeft: 125 } }) },
    'inProgress',
    /uploaded files: 1200 rows so far, about 2 min left\.$/u,
  ],
  [
    'applying the one change',
    { activeRun: run('applying', { progress: { itemsDone: 0, itemsTotal: 1 } }) },
    'inProgress',
    /directory: 0 of 1 changes\.$/u,
  ],
  [
    'applying, and nobody knows how much',
    { activeRun: run('applying', { progress: { itemsDone: 3, itemsTotal: 0 } }) },
    'inProgress',
    /directory\.$/u,
  ],
  [
    'what followed an expiration is done',
    {
      expirationDate: '2026-09-01',
      latestRun: run('completed', { trigger: 'expiration', message: '2 classes were marked' }),
    },
    'paused',
    /to sync again\. 2 classes were marked\.$/u,
  ],
  [
    'expired: what the last sync said is over',
    { expirationDate: '2026-09-01', latestRun: run('completed', { message: '3 changes were rejected' }) },
    'paused',
    /to sync again\.$/u,
  ],
  [
    'expired, and a sync was held before',
    { expirationDate: '2026-09-01', latestRun: held('VerdictHeld') },
    'paused',
    /to sync again\.$/u,
  ],
  [
    'what follows an expiration broke off',
    { expirationDate: '2026-09-01', latestRun: run('broken', { trigger: 'expiration', message: 'gone' }) },
    'paused',
    /to sync again\.$/u,
  ],
  [
    'the undo of an expiration is worked out',
    { activeRun: run('planning', { trigger: 'expirationUndo' }) },
    'inProgress',
    /how to put back what the expiration changed/u,
  ],
  [
    'the undo of an expiration waits',
    {
      profileId: 'p',
      latestRun: run('held', {
        trigger: 'expirationUndo',
        errorCode: 'ApprovalNeeded',
        message: 'It would be undone',
      }),
    },
    'paused',
    /^It would be undone\. This plan waits.*rollbook approve r .*rollbook reject r drops it\.$/u,
  ],
  [
    'applied but for a part, and one record is missing',
    { latestRun: run('completed', { message: '2 changes were rejected' }), errorCount: 1 },
    'error',
    /^2 changes were rejected\. 1 record is not in the directory as the source has it: .* sync again\.$/u,
  ],
  [
    'the verdict holds: no file is to be confirmed',
    { latestRun: held('VerdictHeld') },
    'validationError',
    /start again\.$/u,
  ],
  [
    'on the way to be cancelled',
    { activeRun: run('applying', { cancelRequested: true }) },
    'inProgress',
    /being cancelled/u,
  ],
];

for (const [name, facts, status, message] of LINES) {
  test(`status: ${name} -> ${status}`, () => {
    const view = deriveProfileStatus({ ...base, ...facts });
    assert.equal(view.status, status);
    assert.match(view.statusMessage, message);
    assert.equal(view.errorCount, facts.errorCount ?? 0);
    assert.equal(view.lastSynchronizationAt, at);
  });
}

test('success and error tell what was read and what became of it', () => {
  const message = (totals: RunTotals): string =>
    deriveProfileStatus({ ...base, latestRun: run('completed', { totals }) }).statusMessage;
  const read = {
    ...nothingCounted,
    records: 20,
    created: 0,
    linked: 0,
    updated: 0,
    reactivated: 0,
    ended: 0,
  };
  assert.equal(message(read), '20 records read: nothing had changed.');
  assert.equal(
    message({ ...read, created: 2, updated: 1, ended: 3 }),
    '20 records read: 2 created, 1 updated, 3 ended.',
  );
  assert.equal(message({ ...read, linked: 4 }), '20 records read: 4 linked to accounts that were there.');
  assert.equal(message(nothingCounted), 'Every record of the source is in the directory.');
});

test('extracting and validating are for clients that ask for new members', () => {
  const stage = (state: RunState, progress: unknown = null): ProfileStatus =>
    deriveProfileStatus({ ...base, activeRun: run(state, { progress }) }, true).status;
  assert.equal(stage('queued'), 'inProgress');
  assert.equal(stage('staging'), 'extracting');
  assert.equal(stage('staging', { stage: 'validating' }), 'validating');
  assert.equal(stage('planning'), 'validating');
  assert.equal(stage('applying'), 'inProgress');
});
