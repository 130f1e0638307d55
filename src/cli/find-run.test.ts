import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';

import { apiClient } from './client/api-client.ts';
import { UsageError } from './exit-codes.ts';
import { resolveRunId } from './find-run.ts';

const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
const scope = { system: realSystem, interrupt: new AbortController().signal };

const FIRST = '019ac2f0-1111-7000-8000-00000000000a';
const SECOND = '019ac2f0-2222-7000-8000-00000000000b';
/** Holds what the first one begins with, further behind. */
const THIRD = '019ac2f1-3333-7000-8000-019ac2f01111';

/** The id that a text means among these runs, and the address that was asked. */
async function resolved(text: string, ids: readonly string[]): Promise<{ id: string; asked: URL }> {
  const server = await scriptedHttpServer(({ url }) => ({
    status: 200,
    body: url.endsWith('/token')
      ? { access_token: 'abc' }
      : { value: ids.map((id) => ({ id, state: 'completed' })) },
  }));
  try {
    const id = await resolveRunId(apiClient(server.address, credentials, scope), text, undefined);
    return { id, asked: new URL(server.seen.at(-1)?.url ?? '/', server.address) };
  } finally {
    await server.close();
  }
}

test('the beginning of an id means the one run that begins so', async () => {
  const all = [THIRD, SECOND, FIRST];
  assert.equal((await resolved('019AC2F0-1111', all)).id, FIRST);
  assert.equal((await resolved('019ac2f0-1', all)).id, FIRST);
  assert.equal((await resolved('019ac2f1', all)).id, THIRD);
});

test('a beginning that two runs have is not taken for the newer one', async () => {
  await assert.rejects(
    resolved('019ac2f0', [THIRD, SECOND, FIRST]),
    (error) => error instanceof UsageError && error.message.includes(`${SECOND}, ${FIRST}`),
  );
});

test('runs of the days around the time that the id begins with are looked through', async () => {
  const { asked } = await resolved('019ac2f0', [FIRST]);
  const times = ['from', 'to'].map((name) => Date.parse(asked.searchParams.get(name) ?? ''));
  const day = 86_400_000;
  assert.deepEqual(times, [0x019ac2f00000 - day, 0x019ac2f0ffff + day]);
});

test('without a run there is no latest one', async () => {
  await assert.rejects(resolved('latest', []), { code: 'RunNotFound' });
  assert.equal((await resolved('latest', [SECOND, FIRST])).id, SECOND);
});
