import assert from 'node:assert/strict';
import { test } from 'node:test';

import { findRole, foldCase, openReferenceList } from './reference-list.ts';
import { REFERENCE_LIST_NAMES, REFERENCE_LISTS } from './reference-lists.ts';

for (const name of REFERENCE_LIST_NAMES) {
  test(`${name}: codes are there once, whatever their letter case, and everything has a title`, () => {
    const { values, title } = REFERENCE_LISTS[name];
    const codes = values.map(({ code }) => foldCase(code));
    assert.deepEqual(new Set(codes).size, codes.length);
    const titles = values.map((value) => value.title);
    assert.equal(new Set(titles).size, titles.length);
    for (const text of [title, ...titles]) assert.ok(text.length > 0 && text.length <= 255);
  });

  test(`${name}: each code is found in any letter case, and stored as listed`, () => {
    const find = openReferenceList(name);
    for (const { code } of REFERENCE_LISTS[name].values)
      for (const written of [code, code.toUpperCase(), code.toLowerCase()]) assert.equal(find(written), code);
    assert.equal(find(''), null);
    assert.equal(find('nothing of the kind'), null);
  });
}

test('how many values there are', () => {
  assert.deepEqual(
    Object.fromEntries(REFERENCE_LIST_NAMES.map((name) => [name, REFERENCE_LISTS[name].values.length])),
    {
      grades: 30,
      roles: 39,
      sectionRoles: 27,
      orgTypes: 20,
      sessionTypes: 5,
      subjects: 40,
      sexes: 5,
      ethnicities: 1,
      races: 6,
      personFlags: 8,
      contactRelationships: 8,
      staffRoles: 0,
      studentRoles: 0,
      otherRoles: 0,
    },
  );
});

const GRADES: readonly (readonly [string, string | null])[] = [
  ['1', '01'],
  ['01', '01'],
  ['9', '09'],
  ['10', '10'],
  ['13', '13'],
  ['14', null],
  ['0', null],
  ['00', null],
  ['001', null],
  ['KG', 'kg'],
  ['Kg', 'kg'],
  ['K', null],
  ['PS1', 'ps1'],
  ['Other', 'other'],
  ['ADULTEDUCATION', 'adultEducation'],
  ['٣', null],
];
for (const [written, code] of GRADES) {
  test(`grade ${written} is ${code ?? 'not in the list'}`, () =>
    assert.equal(openReferenceList('grades')(written), code));
}

test('a leading zero is added to grades alone', () => {
  assert.equal(openReferenceList('subjects')('1'), null);
  assert.equal(openReferenceList('subjects')('01'), '01');
});

test('one exporter writes aid for aide', () =>
  assert.equal(openReferenceList('sectionRoles')('AID'), 'aide'));

test('a tenant adds values and disables others, in its own list alone', () => {
  const changes = { grades: { added: ['5a', 'Année'], disabled: ['13', 'KG'] } };
  const find = openReferenceList('grades', changes);
  assert.deepEqual(
    ['5A', 'ANNÉE', '13', 'kg', '5'].map((text) => find(text)),
    ['5a', 'Année', null, null, '05'],
  );
  assert.equal(openReferenceList('orgTypes', changes)('5a'), null);
  assert.equal(openReferenceList('grades')('13'), '13');
});

test('a disabled value can be added in other letters, and its alias goes with it', () => {
  assert.equal(
    openReferenceList('personFlags', { personFlags: { added: ['Ell'], disabled: ['ELL'] } })('ell'),
    'Ell',
  );
  assert.equal(
    openReferenceList('sectionRoles', { sectionRoles: { added: [], disabled: ['aide'] } })('aid'),
    null,
  );
});

test('roles have a group, and staff comes before students', () => {
  assert.deepEqual(findRole('principal'), {
    code: 'principal',
    title: 'Principal',
    group: 'staff',
    sortOrder: 10,
  });
  assert.equal(findRole('teacher')?.sortOrder, 200);
  assert.equal(findRole('alumni')?.sortOrder, 280);
  assert.equal(findRole('student')?.group, 'student');
  assert.equal(findRole('guardian')?.group, 'none');
  assert.equal(findRole('Principal'), undefined);
});

test('what is equal without letter case has as many bytes', () => {
  assert.equal(foldCase('ÄÖÜ Straße'), 'äöü straße');
  assert.equal(foldCase('İı'), 'İı');
  for (const text of ['İSTANBUL', 'ẞ', 'Ⱥ', 'Σ', '\u212A', 'Ǆ', '𐐀'])
    assert.equal(Buffer.byteLength(foldCase(text)), Buffer.byteLength(text));
});
