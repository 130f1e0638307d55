import assert from 'node:assert/strict';
import { test } from 'node:test';

import { classNickname } from './class-anchor.ts';
import { ClassKeys } from './class-keys.ts';

const NAMES: readonly [what: string, id: string, session: string, replace: boolean, expected: RegExp][] = [
  ['no session: as ever', '1001-01', '', false, /^Section_1001-01$/u],
  ['both as they are', '1001-01', 'Y2026', false, /^Section_1001-01_Y2026$/u],
  ['an id with a line', 'M_1', 'Y2026', false, /^Section_M_1_Y2026$/u],
  ['a session with a line could be read in two ways', '1', 'M_Y', false, /^Section_1_M_Y_[0-9a-f]{8}$/u],
  ['the other way', '1_M', 'Y', false, /^Section_1_M_Y$/u],
  ['blanks and signs of a session', '1', 'Année 26/27', false, /^Section_1_Annee_26_27_[0-9a-f]{8}$/u],
  ['signs of an id', 'a.b', 'Y', true, /^Section_a_b_Y_[0-9a-f]{8}$/u],
  ['too long', 'x'.repeat(56), 'Y2026', false, /^Section_x{47}_[0-9a-f]{8}$/u],
  ['as long as may be', 'x'.repeat(50), 'Y2026', false, /^Section_x{50}_Y2026$/u],
];
for (const [what, id, session, replace, expected] of NAMES)
  test(`mail nickname of a class and its session: ${what}`, () => {
    const nickname = classNickname(id, session, replace);
    assert.match(nickname, expected);
    assert.ok(nickname.length <= 64);
  });

test('mail nicknames of long ids are distinct by session', () => {
  const names = ['Y2026', 'Y2027', 'Y2028'].map((session) => classNickname('x'.repeat(56), session, false));
  assert.equal(new Set(names).size, 3);
});

test('a place whose class gets another key, and the one before again, has its own', () => {
  const keys = new ClassKeys(Buffer.alloc(32, 3));
  const [old, anchored] = [keys.keyOf('12'), keys.keyOf('12@Y')];
  assert.notEqual(old, anchored);
  const place = 'ffffffff-0000-7fff-8000-fffffffffffe';
  const moved = ClassKeys.move(place, old, anchored);
  assert.notEqual(moved, place);
  assert.equal(ClassKeys.move(moved, anchored, old), place);
});
