import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { realSystem, type System } from '#lib/system.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { TooManyRequestsError } from './access-errors.ts';
import { createApplication } from './applications.ts';
import { revokeApplication } from './change-applications.ts';
import { clientAuthenticator } from './authenticate-client.ts';

const START = new Date('2026-08-01T10:00:00Z');

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

test('guessing is slowed down, and ends with the window; whoever signed in before goes on', async () => {
  const { db, tenantId } = database;
  const clock = { now: START };
  const system: System = { ...realSystem, now: () => clock.now };
  const { id: clientId, clientSecret } = await createApplication({ db, system }, tenantId, {
    displayName: 'Script',
    actor: 'test',
    permissions: ['EduRoster.Read.All'],
  });
  const { authenticate } = clientAuthenticator({ db, system });
  const attempt = (secret: string, address = '10.0.0.1') =>
    authenticate({ tenantId, clientId, clientSecret: secret, address });

  assert.deepEqual(await attempt(clientSecret, '10.0.0.2'), {
    applicationId: clientId,
    permissions: ['EduRoster.Read.All'],
  });
  for (let count = 0; count < 10; count += 1) assert.equal(await attempt(`wrong ${count}`), undefined);
  await assert.rejects(attempt('wrong again'), tooMany(60));
  assert.ok(await attempt(clientSecret), 'a secret known to be right is not slowed down');
  assert.equal(await attempt('wrong', '10.0.0.3'), undefined, 'other addresses are not either');
  clock.now = new Date('2026-08-01T10:01:01Z');
  assert.equal(await attempt('wrong after the window'), undefined);

  await revokeApplication({ db, system }, { tenantId, id: clientId, actor: 'test' });
  assert.equal(await attempt(clientSecret), undefined, 'what is remembered does not outlive the application');
});

test('of a flood of sign-ins most are pushed back at once, and nothing of it stays', async () => {
  const { db, tenantId } = database;
  const system: System = { ...realSystem, now: () => START };
  const { id: clientId, clientSecret } = await createApplication({ db, system }, tenantId, {
    displayName: 'Flooded',
    actor: 'test',
    permissions: ['EduRoster.Read.All'],
  });
  const { authenticate } = clientAuthenticator({ db, system });
  // Each from another address: it is not the brake that says no.
  const flood = Array.from({ length: 100 }, (_, index) =>
    authenticate({ tenantId, clientId, clientSecret: 'wrong', address: `10.1.0.${index}` }),
  );
  const refusals = (await Promise.allSettled(flood)).filter(({ status }) => status === 'rejected');
  assert.ok(refusals.length > 0);
  for (const { reason } of refusals as PromiseRejectedResult[]) assert.ok(tooMany(1)(reason));
  assert.ok(await authenticate({ tenantId, clientId, clientSecret, address: '10.0.0.1' }));
});

function tooMany(retryAfterSeconds: number): (error: unknown) => boolean {
  return (error) => error instanceof TooManyRequestsError && error.retryAfterSeconds === retryAfterSeconds;
}
