import assert from 'node:assert/strict';
import { test } from 'node:test';

import { faultOfJson } from './fault-of-json.ts';

const CASES: [name: string, json: string, message: RegExp | undefined, path?: string][] = [
  ['plain', '{"a":[1,"x",{"b":null}],"\\ud83d\\ude00":"\\ud83d\\ude00"}', undefined],
  ['a number', '1', undefined],
  ['a NUL', '{"a":[{"b":"x\\u0000y"}]}', /^a\[0\]\.b: .*U\+0000/, 'a[0].b'],
  ['a NUL at the top', '"\\u0000"', /U\+0000/],
  ['a NUL in a name', '{"\\u0000":1}', /name of a property/],
  ['half a pair', '{"a":"\\ud800"}', /^a: .*surrogate/, 'a'],
  ['__proto__', '{"a":{"\\u005f_proto__":{}}}', /__proto__/],
  ['deep arrays', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, /levels/],
  ['deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /levels/],
];

for (const [name, json, message, path] of CASES) {
  test(`JSON: ${name}`, () => {
    const fault = faultOfJson(JSON.parse(json));
    if (message === undefined) assert.equal(fault, undefined);
    else {
      assert.match(fault?.message ?? '', message);
      assert.equal(fault?.path, path);
    }
  });
}
