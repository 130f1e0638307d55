import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';

import { apiClient } from './client/api-client.ts';
import { startAndFollow } from './follow-run.ts';
import { humanView } from './view/view.ts';

const system = { ...realSystem, sleep: async () => new Promise<void>((resolve) => setImmediate(resolve)) };
const interrupt = new AbortController().signal;
const stream = { write: () => undefined };
const view = humanView({ stdout: stream, stderr: stream, env: {}, interrupt }, system, {
  json: false,
  quiet: true,
  progress: 'none',
});

test('a connection that breaks while start is answered does not hide how its run ended', async () => {
  let isStarted = false;
  const run = { id: 'r1', state: 'completed' };
  const server = await scriptedHttpServer(({ method, url }) => {
    if (url.endsWith('/token')) return { status: 200, body: { access_token: 'abc' } };
    if (method === 'POST') {
      isStarted = true;
      return 'reset';
    }
    return { status: 200, body: url.includes('/profiles/') ? { value: isStarted ? [run] : [] } : run };
  });
  const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
  try {
    const client = apiClient(server.address, credentials, { system, interrupt });
    const started = await startAndFollow(client, 'p1', view);
    assert.equal(started.run.state, 'completed');
  } finally {
    await server.close();
  }
});

for (const [what, other] of [
  ['a retry that the service queued', { id: 'r0', state: 'superseded', trigger: 'retry' }],
  ['a preview that somebody asked for', { id: 'r0', state: 'completed', planOnly: true }],
] as const)
  test(`${what} at that moment is not taken for the run of this start`, async () => {
    const run = { id: 'r1', state: 'completed', trigger: 'start' };
    let looks = 0;
    const server = await scriptedHttpServer(({ method, url }) => {
      if (url.endsWith('/token')) return { status: 200, body: { access_token: 'abc' } };
      if (method === 'POST') return { status: 200, body: { value: [] } };
      if (!url.includes('/profiles/')) return { status: 200, body: url.includes('r0') ? other : run };
      looks += 1;
      const seen = looks === 1 ? [] : looks === 2 ? [other] : [run, other];
      return { status: 200, body: { value: seen } };
    });
    const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
    try {
      const client = apiClient(server.address, credentials, { system, interrupt });
      assert.equal((await startAndFollow(client, 'p1', view)).run.id, 'r1');
    } finally {
      await server.close();
    }
  });
