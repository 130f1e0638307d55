import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serverSettings, sharedBuffersOf } from './server-settings.ts';

const GIB = 1024 ** 3;

test('PostgreSQL gets a quarter of the memory as buffers, within limits', () => {
  const cases: [memoryBytes: number, expected: string][] = [
    [GIB / 4, '128MB'],
    [GIB, '256MB'],
    [4 * GIB, '1024MB'],
    [8 * GIB, '2048MB'],
    [256 * GIB, '2048MB'],
  ];
  for (const [memoryBytes, expected] of cases) assert.equal(sharedBuffersOf(memoryBytes), expected);
});

test('the settings name as many buffers as this machine has memory for', async () => {
  const text = await serverSettings({ port: 5433 }, true);
  assert.match(text, /^shared_buffers = '\d{3,4}MB'$/m);
});
