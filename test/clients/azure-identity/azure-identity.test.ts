/** An unmodified @azure/identity gets its tokens here: the way of most scripts of the retired service. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
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

test('a token, and from the cache the next time', async () => {
  const asked = since();
  const first = await client.ask({ ask: 'token', name: 'app' });
  assert.equal(first.error, undefined, JSON.stringify(first.error));
  assert.equal(await service.statusWith(first.token ?? ''), 200);
  const lifetimeMs = (first.expiresAtMs ?? 0) - service.nowMs();
  assert.ok(lifetimeMs > 3_500_000 && lifetimeMs < 3_600_000, String(lifetimeMs));
  assert.equal((await client.ask({ ask: 'token', name: 'app' })).token, first.token);
  assert.deepEqual(asked(), [200]);
});

test('an expired token is exchanged for another one', async () => {
  const asked = since();
  const old = await client.ask({ ask: 'token', name: 'app' });
  service.putForward(3_700_000);
  await client.ask({ ask: 'clock', timeMs: service.nowMs() });
  assert.equal(await service.statusWith(old.token ?? ''), 401);
  const next = await client.ask({ ask: 'token', name: 'app' });
  assert.notEqual(next.token, old.token);
  assert.equal(await service.statusWith(next.token ?? ''), 200);
  assert.deepEqual(asked(), [200]);
});

test('a wrong secret is an error that says what is wrong', async () => {
  const asked = since();
  await client.ask({ ask: 'open', name: 'wrong', secret: 'wrong' });
  const { error } = await client.ask({ ask: 'token', name: 'wrong' });
  // What this version of the library makes of every refusal of MSAL.
  assert.equal(error?.name, 'AuthenticationRequiredError');
  assert.match(
    error?.message ?? '',
    /AADSTS7000215: The client id or the client secret is not valid for this tenant\. Trace ID: [0-9a-f-]{36} /,
  );
  assert.deepEqual(asked(), [401], 'and not tried again');
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
  await client.ask({ ask: 'open', name: 'late', secret: service.application.clientSecret });
  await client.ask({ ask: 'open', name: 'still', secret });
  assert.match((await client.ask({ ask: 'token', name: 'late' })).error?.message ?? '', /AADSTS7000215/);
  assert.equal((await client.ask({ ask: 'token', name: 'still' })).error, undefined);
});

test('429 with Retry-After is waited for, and then it works', async () => {
  const secret = await service.rotate();
  // Past the failures of the tests before; from here on time passes when this test says so.
  service.putForward(61_000);
  service.stopClock();
  for (let count = 0; count < 10; count += 1) {
    await client.ask({ ask: 'open', name: `wrong ${count}`, secret: `wrong ${count}` });
    await client.ask({ ask: 'token', name: `wrong ${count}` });
  }
  // The brake lasts a minute; nobody needs to wait for all of it here.
  service.putForward(59_000);
  const asked = since();
  await client.ask({ ask: 'open', name: 'patient', secret });
  const answer = client.ask({ ask: 'token', name: 'patient' });
  while (asked().length === 0) await setTimeout(5);
  service.putForward(1_000);
  const { token, error } = await answer;
  assert.equal(error, undefined, JSON.stringify(error));
  assert.equal(await service.statusWith(token ?? ''), 200);
  assert.deepEqual(asked(), [429, 200]);
});
