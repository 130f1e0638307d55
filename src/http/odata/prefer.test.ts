import assert from 'node:assert/strict';
import { test } from 'node:test';

import { maxPageSizeOf, parsePreferences } from './prefer.ts';

const read = (header: string | string[] | undefined): Record<string, string> =>
  Object.fromEntries(parsePreferences(header));

const CASES: [name: string, header: string | string[] | undefined, read: Record<string, string>][] = [
  ['none', undefined, {}],
  ['a name', 'include-unknown-enum-members', { 'include-unknown-enum-members': '' }],
  ['a value', 'return=minimal', { return: 'minimal' }],
  ['names in any case', 'Return=Minimal', { return: 'Minimal' }],
  ['spaces around', '  return = minimal , x ', { return: 'minimal', x: '' }],
  [
    'several headers',
    ['return=minimal', 'odata.maxpagesize=5'],
    { return: 'minimal', 'odata.maxpagesize': '5' },
  ],
  ['the first of two', 'return=minimal, return=representation', { return: 'minimal' }],
  ['quotes', 'a="x, y; z=1", b', { a: 'x, y; z=1', b: '' }],
  ['a quote inside', 'a="x \\"y\\" , z"', { a: 'x "y" , z' }],
  ['an empty value', 'a="", b=', { a: '', b: '' }],
  ['parameters', 'respond-async; wait=10, a=1;b="2,3";c', { 'respond-async': '', a: '1' }],
  ['what nobody can read, between others', 'a, =1, (b), c d, e', { a: '', e: '' }],
  ['a quote that never ends', 'a, b="x, return=minimal', { a: '' }],
];
for (const [name, header, expected] of CASES)
  test(`Prefer: ${name}`, () => {
    assert.deepEqual(read(header), expected);
  });

test('a long header is read to its bound, in no more than linear time', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `p${index}`).join(',');
  assert.equal(parsePreferences(names).size, 32);
  assert.equal(parsePreferences(`${' '.repeat(1_000_000)}return=minimal`).size, 0);
  assert.equal(parsePreferences(`a${' '.repeat(1_000_000)}b`).size, 1);
  assert.equal(parsePreferences('a="'.repeat(500_000)).size, 0);
});

test('the page size is a whole number above 0', () => {
  const size = (header: string): number | undefined => maxPageSizeOf(parsePreferences(header));
  assert.equal(size('odata.maxpagesize=50'), 50);
  assert.equal(size('maxpagesize=7'), 7);
  assert.equal(size('odata.maxpagesize=3, maxpagesize=7'), 3);
  for (const none of [
    '',
    'odata.maxpagesize',
    'odata.maxpagesize=0',
    'odata.maxpagesize=-1',
    'odata.maxpagesize=1e3',
  ])
    assert.equal(size(none), undefined, none);
});
