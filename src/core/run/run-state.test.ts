import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { PROFILE_EVENTS, PROFILE_STATES, PROFILE_TRANSITIONS, transition } from './profile-state.ts';
import { isExecuting, isFinal, nextRunState, RUN_EVENTS, RUN_STATES, RUN_TRANSITIONS } from './run-state.ts';

const directory = new URL('../../../db/migrations/', import.meta.url);
const migrations = globSync('*.sql', { cwd: directory })
  .toSorted()
  .map((file) => readFileSync(new URL(file, directory), 'utf8'))
  .join('\n');

function statesOfCheck(constraint: string): string[] {
  // The newest migration that says it counts.
  const lists = migrations.matchAll(
    new RegExp(`constraint ${constraint} check \\(state in\\s*\\(([^)]*)\\)`, 'gu'),
  );
  const list = [...lists].at(-1)?.[1];
  assert.ok(list, `no migration has a constraint ${constraint}`);
  return [...list.matchAll(/'(\w+)'/gu)].map((match) => match[1] ?? '');
}

test('the CHECK of run.state lists the states of the table', () => {
  assert.deepEqual(statesOfCheck('run_state_known'), [...RUN_STATES]);
});

test('the CHECK of profile.state lists the states of the table', () => {
  assert.deepEqual(statesOfCheck('profile_state_known'), [...PROFILE_STATES]);
});

test('both tables are total', () => {
  assert.deepEqual(Object.keys(RUN_TRANSITIONS), [...RUN_STATES]);
  for (const state of RUN_STATES) assert.deepEqual(Object.keys(RUN_TRANSITIONS[state]), [...RUN_EVENTS]);
  assert.deepEqual(Object.keys(PROFILE_TRANSITIONS), [...PROFILE_STATES]);
  for (const state of PROFILE_STATES)
    assert.deepEqual(Object.keys(PROFILE_TRANSITIONS[state]), [...PROFILE_EVENTS]);
});

/** What is accepted, written apart from the table; everything else is refused. */
const ACCEPTED: Record<string, string> = {
  'queued claimed': 'staging',
  'queued broke': 'broken',
  'queued paused': 'suspended',
  'queued replaced': 'superseded',
  'queued cancel': 'cancelled',
  'staging claimed': 'staging',
  'staging staged': 'planning',
  'staging stopped': 'held',
  'staging broke': 'broken',
  'staging paused': 'suspended',
  'staging cancel': 'cancelled',
  'planning claimed': 'staging',
  'planning planned': 'applying',
  'planning stopped': 'held',
  'planning broke': 'broken',
  'planning paused': 'suspended',
  'planning cancel': 'cancelled',
  'held accepted': 'queued',
  'held rejected': 'rejected',
  'held replaced': 'superseded',
  'held cancel': 'cancelled',
  'applying claimed': 'applying',
  'applying appliedAll': 'completed',
  'applying partApplied': 'held',
  'applying broke': 'broken',
  'applying paused': 'suspended',
  'applying cancel': 'cancelled',
  'suspended accepted': 'queued',
  'suspended replaced': 'superseded',
  'suspended cancel': 'cancelled',
  'broken claimed': 'staging',
  'broken accepted': 'queued',
  'broken paused': 'suspended',
  'broken replaced': 'superseded',
  'broken cancel': 'cancelled',
};

test('the run machine accepts these steps and no others', () => {
  for (const state of RUN_STATES)
    for (const event of RUN_EVENTS)
      assert.equal(
        nextRunState(state, event),
        ACCEPTED[`${state} ${event}`] ?? 'refused',
        `${state} ${event}`,
      );
});

test('run invariant 1: a final state accepts no event', () => {
  for (const state of RUN_STATES.filter(isFinal))
    for (const event of RUN_EVENTS) assert.equal(nextRunState(state, event), 'refused', `${state} ${event}`);
});

test('run invariant 2: a newer start never replaces an executing run', () => {
  for (const state of RUN_STATES.filter(isExecuting))
    assert.equal(nextRunState(state, 'replaced'), 'refused');
});

test('run invariant 3: applying is reached only through a complete plan', () => {
  for (const state of RUN_STATES)
    for (const event of RUN_EVENTS) {
      if (nextRunState(state, event) !== 'applying') continue;
      assert.ok(event === 'planned' || state === 'applying', `${state} ${event}`);
    }
  assert.equal(nextRunState('queued', 'claimed', true), 'applying');
  assert.equal(nextRunState('broken', 'claimed', true), 'applying');
  assert.equal(nextRunState('held', 'claimed', true), 'refused');
});

test('run invariant 4: only an administrator lets a held or suspended run go on', () => {
  for (const state of ['held', 'suspended'] as const)
    for (const event of RUN_EVENTS) {
      const next = nextRunState(state, event, true);
      if (event === 'accepted') assert.equal(next, 'queued');
      else assert.ok(next === 'refused' || isFinal(next), `${state} ${event} -> ${next}`);
    }
});

test('run invariant 5: every state that is not final can be cancelled', () => {
  for (const state of RUN_STATES)
    assert.equal(nextRunState(state, 'cancel'), isFinal(state) ? 'refused' : 'cancelled', state);
});

const now = new Date('2026-09-01T08:00:00Z');

test('profile invariant 1: a profile starts only when it is provisioned', () => {
  for (const state of PROFILE_STATES)
    assert.equal(transition(state, 'started', now) === 'refused', state !== 'provisioned', state);
});

test('profile invariant 2: deleting leads to deleted or deletionFailed, and nothing leads back', () => {
  for (const state of ['deleting', 'deletionFailed', 'deleted'] as const)
    for (const event of PROFILE_EVENTS) {
      const step = transition(state, event, now);
      if (step !== 'refused')
        assert.ok(['deleting', 'deletionFailed', 'deleted'].includes(step.state), `${state} ${event}`);
    }
  for (const event of PROFILE_EVENTS) assert.equal(transition('deleted', event, now), 'refused');
});

test('profile invariant 3: deletedAt is set by the step into deleted and by no other', () => {
  for (const state of PROFILE_STATES)
    for (const event of PROFILE_EVENTS) {
      const step = transition(state, event, now);
      if (step === 'refused') continue;
      assert.equal(step.deletedAt, step.state === 'deleted' ? now : null);
      assert.equal(step.updatedAt, now);
    }
});

test('profile invariant 4: every change of the settings is checked again', () => {
  for (const state of PROFILE_STATES) {
    const step = transition(state, 'updated', now);
    if (step !== 'refused') assert.equal(step.state, 'provisioning');
  }
});
