import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { shareReads } from './share-reads.ts';

/** Reads that end when the test says so; each answers with the value there was when it began. */
function controlled(): {
  read: (key: string) => Promise<string>;
  begun: string[];
  end: (error?: Error) => Promise<void>;
  set: (to: number) => void;
} {
  let value = 0;
  const begun: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  return {
    begun,
    read: (key) => {
      const answer = `${key}${value}`;
      begun.push(answer);
      return new Promise((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve(answer) : reject(error)));
      });
    },
    end: async (error) => {
      ends.shift()?.(error);
      await setImmediate();
    },
    set: (to) => {
      value = to;
    },
  };
}

test('who asks while a read is under way shares the next one, which begins after they asked', async () => {
  const { read, begun, end, set } = controlled();
  const shared = shareReads(read);
  const first = shared('a');
  set(1);
  const later = [shared('a'), shared('a'), shared('a')];
  assert.deepEqual(begun, ['a0']);
  await end();
  assert.deepEqual(begun, ['a0', 'a1']);
  await end();
  assert.equal(await first, 'a0');
  assert.deepEqual(await Promise.all(later), ['a1', 'a1', 'a1']);
});

test('what differs does not wait for each other, and a read that is over is not handed on', async () => {
  const { read, begun, end, set } = controlled();
  const shared = shareReads(read);
  const both = [shared('a'), shared('b')];
  await end();
  await end();
  assert.deepEqual(await Promise.all(both), ['a0', 'b0']);
  set(1);
  const again = shared('a');
  await end();
  assert.equal(await again, 'a1');
  assert.deepEqual(begun, ['a0', 'b0', 'a1']);
});

test('a read that fails is an error for those who asked for it, and not for those behind it', async () => {
  const { read, end } = controlled();
  const shared = shareReads(read);
  const failing = assert.rejects(shared('a'), /the database is gone/u);
  const behind = shared('a');
  await end(new Error('the database is gone'));
  await end();
  await failing;
  assert.equal(await behind, 'a0');
});
