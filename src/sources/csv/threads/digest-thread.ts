import { parentPort } from 'node:worker_threads';

import { must, unreachable } from '#lib/assert.ts';

import { openDigester } from './open-digester.ts';
import type { ToDigestThread } from './row-digest.ts';

const port = must(parentPort, 'digest-thread.ts runs in a worker thread');
let digester: ReturnType<typeof openDigester> | null = null;

port.on('message', (message: ToDigestThread) => {
  switch (message.type) {
    case 'file':
      digester = openDigester(message);
      return;
    case 'lines':
      port.postMessage(must(digester, 'the file comes before its lines')(message));
      return;
    default:
      unreachable(message);
  }
});
