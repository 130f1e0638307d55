/** An unmodified @azure/msal-node gets its tokens here. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startTokenClient, type TokenClient } from '#test/helpers/token-client.ts';
import { startTokenService, type TokenService } from '#test/helpers/token-service.ts';

let service: TokenService;
let client: TokenClient;
before(async () => {
  service = await startTokenService();
  const { secureUrl, dataDir } = service.rollbook;
  const program = fileURLToPath(new URL('client.ts', import.meta.url));
  client = startTokenClient(program, { secureUrl, dataDir, ...service.application });
  await client.ask({ ask: 'open', name: 'app', secret: service.application.clientSecret });
});
after(async () => {
  await client.close();
  await service.rollbook.stop();
});

/** Statuses of the token endpoint that came since. */
function since(): () => number[] {
  const { length } = service.tokenAnswers();
  return () => service.tokenAnswers().slice(length);
}

test('a token, from the cache the next time, and another one past the cache', async () => {
  const asked = since();
  const first = await client.ask({ ask: 'token', name: 'app' });
  assert.equal(first.error, undefined, JSON.stringify(first.error));
  assert.equal(await service.statusWith(first.token ?? ''), 200);
  assert.equal((await client.ask({ ask: 'token', name: 'app' })).token, first.token);
  assert.deepEqual(asked(), [200]);
  const fresh = await client.ask({ ask: 'token', name: 'app', fresh: true });
  assert.notEqual(fresh.token, first.token);
  assert.equal(await service.statusWith(fresh.token ?? ''), 200);
  assert.deepEqual(asked(), [200, 200]);
});

test('an expired token is exchanged for another one', async () => {
  const asked = since();
  const old = await client.ask({ ask: 'token', name: 'app' });
  service.putForward(3_700_000);
  await client.ask({ ask: 'clock', timeMs: service.nowMs() });
  assert.equal(await service.statusWith(old.token ?? ''), 401);
  const next = await client.ask({ ask: 'token', name: 'app' });
  assert.equal(await service.statusWith(next.token ?? ''), 200);
  assert.deepEqual(asked(), [200]);
});

test('a wrong secret: invalid_client, in words', async () => {
  await client.ask({ ask: 'open', name: 'wrong', secret: 'wrong' });
  const { error } = await client.ask({ ask: 'token', name: 'wrong' });
  assert.equal(error?.detail, 'invalid_client');
  assert.match(error?.message ?? '', /AADSTS7000215: The client id or the client secret is not valid/);
});

test('after a rotation both secrets work, then the new one alone', async () => {
  const secret = await service.rotate();
  await client.ask({ ask: 'open', name: 'old', secret: service.application.clientSecret });
  await client.ask({ ask: 'open', name: 'new', secret });
  for (const name of ['old', 'new']) {
    const { token, error } = await client.ask({ ask: 'token', name });
    assert.equal(error, undefined, name);
    assert.equal(await service.statusWith(token ?? ''), 200, name);
  }
  await service.endGrace();
  const asked = since();
  assert.equal(
    (await client.ask({ ask: 'token', name: 'old', fresh: true })).error?.detail,
    'invalid_client',
  );
  assert.equal((await client.ask({ ask: 'token', name: 'new', fresh: true })).error, undefined);
  assert.deepEqual(asked(), [401, 200]);
});

test('429: it asks no more until Retry-After has passed', async () => {
  const secret = await service.rotate();
  // Past the failures of the tests before.
  service.putForward(61_000);
  for (let count = 0; count < 10; count += 1) {
    await client.ask({ ask: 'open', name: `wrong ${count}`, secret: `wrong ${count}` });
    await client.ask({ ask: 'token', name: `wrong ${count}` });
  }
  await client.ask({ ask: 'open', name: 'patient', secret });
  const asked = since();
  const refused = await client.ask({ ask: 'token', name: 'patient' });
  assert.match(refused.error?.message ?? '', /AADSTS90055/);
  await client.ask({ ask: 'token', name: 'patient' });
  assert.deepEqual(asked(), [429], 'the second time it did not even ask');
  service.putForward(61_000);
  await client.ask({ ask: 'clock', timeMs: service.nowMs() });
  const { token, error } = await client.ask({ ask: 'token', name: 'patient' });
  assert.equal(error, undefined, JSON.stringify(error));
  assert.equal(await service.statusWith(token ?? ''), 200);
  assert.deepEqual(asked(), [429, 200]);
});
