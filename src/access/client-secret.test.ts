import assert from 'node:assert/strict';
import { test } from 'node:test';

import { newClientSecret } from './client-secret.ts';

test('a secret has 43 characters that no shell, form or URL escapes, and begins with a letter', () => {
  for (let first = 0; first < 256; first += 1) {
    const secret = newClientSecret({ randomBytes: (size) => Buffer.alloc(size, first) });
    assert.match(secret, /^[A-Za-z][\w-]{42}$/u);
  }
});
