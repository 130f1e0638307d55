import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isWholeRoster, likeliestFileSet, type RosterFileSet } from './roster-file-set.ts';

const few: RosterFileSet = { required: ['orgs', 'users'], all: ['orgs', 'users'] };
const more: RosterFileSet = {
  required: ['orgs', 'users', 'roles'],
  all: ['orgs', 'users', 'roles', 'flags', 'courses'],
};
const sets = [few, more];

for (const [names, whole] of [
  [['orgs', 'users'], true],
  [['orgs', 'users', 'notes'], true],
  [['orgs', 'users', 'courses'], false],
  [['orgs', 'users', 'roles'], true],
  [['orgs', 'users', 'roles', 'courses', 'flags', 'manifest.json'], true],
  [['orgs'], false],
  [[], false],
] as const)
  test(`${names.join(', ')}: ${whole ? 'whole' : 'more is to come'}`, () =>
    assert.equal(isWholeRoster(new Set(names), sets), whole));

for (const [names, likeliest] of [
  [['orgs', 'users'], few],
  [['orgs', 'users', 'courses'], more],
  [['orgs'], few],
  [['roles'], more],
] as const)
  test(`${names.join(', ')}: most are of ${likeliest === few ? 'the few' : 'the more'}`, () =>
    assert.equal(likeliestFileSet(new Set(names), sets), likeliest));

test('without sets there is none', () => assert.equal(likeliestFileSet(new Set(['orgs']), []), undefined));
