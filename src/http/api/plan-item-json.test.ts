import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ReadItem } from '#storage/plan/read-plan.ts';
import { changesOf } from './plan-item-json.ts';

const changes = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  changesOf({ action: 'update', before, after } as unknown as ReadItem).map(({ property }) => property);

test('a list that is the same is no change, nor is an empty one beside none', () => {
  const contacts = (mobilePhone: string): unknown[] => [{ displayName: 'A', mobilePhone }];
  assert.deepEqual(
    changes({ contacts: contacts('1'), grade: '1' }, { contacts: contacts('1'), grade: '2' }),
    ['grade'],
  );
  assert.deepEqual(changes({ contacts: contacts('1') }, { contacts: contacts('2') }), ['contacts']);
  assert.deepEqual(changes({ contacts: contacts('1') }, { contacts: [] }), ['contacts']);
  assert.deepEqual(changes({ grade: null }, { contacts: [], grade: null }), []);
});
