import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rememberedTokens } from './remembered-tokens.ts';

test('a token is remembered for half a minute, and not beyond its end', () => {
  let now = 1_000_000_000_000;
  const tokens = rememberedTokens({ now: () => new Date(now) });
  tokens.remember('long', { sub: 'a', exp: now / 1_000 + 3_600 });
  tokens.remember('short', { sub: 'b', exp: now / 1_000 + 10 });
  assert.equal(tokens.find('long')?.sub, 'a');
  assert.equal(tokens.find('longer'), undefined);
  now += 9_999;
  assert.equal(tokens.find('short')?.sub, 'b');
  now += 1;
  assert.equal(tokens.find('short'), undefined);
  now += 19_999;
  assert.equal(tokens.find('long')?.sub, 'a');
  now += 1;
  assert.equal(tokens.find('long'), undefined);
});
