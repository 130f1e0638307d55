import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

import { workInBackground } from './background-thread.ts';

const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(({ workInBackground }) => {
    workInBackground(workerData.platform);
    parentPort.postMessage(require('node:os').getPriority());
  });`;

async function priorityOfThread(platform: string): Promise<unknown> {
  const module = new URL('./background-thread.ts', import.meta.url).href;
  const worker = new Worker(SCRIPT, { eval: true, workerData: { module, platform } });
  const [priority] = await once(worker, 'message');
  await worker.terminate();
  return priority;
}

if (process.platform === 'linux')
  test('a thread in the background lets the others of its process go first, and changes nothing for them', async () => {
    const own = getPriority();
    assert.ok(Number(await priorityOfThread('linux')) > own);
    assert.equal(getPriority(), own);
  });

test('a system that refuses another priority is no error', () => {
  let asked = 0;
  workInBackground('linux', () => {
    asked += 1;
    throw new Error('EPERM');
  });
  assert.equal(asked, 1);
});

test('where priorities are of processes nothing is changed', async () => {
  const own = getPriority();
  assert.equal(await priorityOfThread('darwin'), own);
  workInBackground('win32');
  assert.equal(getPriority(), own);
});
