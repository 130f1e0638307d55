import assert from 'node:assert/strict';
import { test } from 'node:test';

import { expiredNames, expiredPrefix, expiredSystemName } from './expired-names.ts';

const PREFIX = 'Exp0627_';
const nicknames = (names: readonly string[], taken: readonly string[] = []): string[] =>
  expiredNames(
    names.map((mailNickname) => ({ key: mailNickname, displayName: 'Any', mailNickname })),
    PREFIX,
    taken,
  ).map(({ mailNickname }) => mailNickname);

test('the prefix holds month and year', () => {
  assert.equal(expiredPrefix('2027-06-30'), PREFIX);
  assert.equal(expiredPrefix('2030-12-01'), 'Exp1230_');
  assert.equal(expiredSystemName('Contoso', '2027-06-30'), 'Contoso (expired 2027-06)');
});

test('names get the prefix once', () => {
  const [name] = expiredNames(
    [{ key: 'k', displayName: 'Biology 7b', mailNickname: 'Section_12' }],
    PREFIX,
    [],
  );
  assert.deepEqual(name, { key: 'k', displayName: 'Exp0627_Biology 7b', mailNickname: 'Exp0627_Section_12' });
  assert.deepEqual(name && expiredNames([name], PREFIX, ['exp0627_section_12']), [name]);
});

test('a nickname is cut to 64 characters', () => {
  const [fits, cut] = nicknames([`Section_${'1'.repeat(48)}`, `Section_${'2'.repeat(56)}`]);
  assert.equal(fits, `Exp0627_Section_${'1'.repeat(48)}`);
  assert.equal(cut, `Exp0627_Section_${'2'.repeat(48)}`);
  const [emoji] = nicknames([`${'x'.repeat(55)}😀😀`]);
  assert.ok(emoji?.endsWith('xx'), 'no half of a character');
});

test('a nickname that is taken gets a number, in any case of letters, and still fits', () => {
  assert.deepEqual(nicknames(['Section_a', 'Section_A', 'section_a'], ['exp0627_section_a']), [
    'Exp0627_Section_a_2',
    'Exp0627_Section_A_3',
    'Exp0627_section_a_4',
  ]);
  const long = `Section_${'1'.repeat(48)}`;
  const numbered = nicknames(Array.from({ length: 12 }, (_, index) => `${long}${index}`));
  assert.equal(new Set(numbered).size, 12);
  assert.ok(numbered.every((name) => name.length <= 64));
  assert.equal(numbered[11], `Exp0627_Section_${'1'.repeat(45)}_12`);
});
