import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDuplicateKey } from './find-duplicate-key.ts';

test('finds a name that stands twice in one object, however it is written', () => {
  const cases: [string, string | undefined][] = [
    ['{"a":1,"b":2}', undefined],
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a":{"a":1},"b":{"a":1}}', undefined],
    ['[{"a":1},{"a":1}]', undefined],
    ['{"x":[{"a":1,"b":[],"a":2}]}', 'a'],
    ['{"a":"a","b":"a"}', undefined],
    ['{"a":"\\"a\\":","b":"{\\\\"}', undefined],
    ['{"a":["a","a"]}', undefined],
    ['"a"', undefined],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ];
  for (const [text, expected] of cases) {
    JSON.parse(text);
    assert.equal(findDuplicateKey(text), expected, text);
  }
});

test('depth is no danger', () => {
  assert.equal(findDuplicateKey(`${'['.repeat(500_000)}${']'.repeat(500_000)}`), undefined);
});
