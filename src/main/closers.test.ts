import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Closers } from './closers.ts';

test('what was opened last is closed first, each once, also when one before it fails', async () => {
  const closers = new Closers();
  const closed: string[] = [];
  for (const name of ['lock', 'database', 'server'])
    closers.add(async () => {
      await Promise.resolve();
      closed.push(name);
      if (name !== 'lock') throw new Error(`the ${name} does not close`);
    });
  await Promise.all([
    assert.rejects(closers.close(), /the server does not close/),
    assert.rejects(closers.close(), /the server does not close/),
  ]);
  assert.deepEqual(closed, ['server', 'database', 'lock']);
});
