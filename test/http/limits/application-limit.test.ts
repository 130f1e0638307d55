/** How much one application may ask for: 429 with Retry-After. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { TooManyRequestsError } from '#access/access-errors.ts';
import { applicationLimit, type ApplicationLimit } from '#http/limits/application-limit.ts';
import { realSystem } from '#lib/system.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';

const clock = { at: new Date('2026-09-01T08:00:00Z').getTime(), now: () => new Date(clock.at) };
const pass = (seconds: number): void => {
  clock.at += seconds * 1_000;
};
const anna = { tenantId: 't', applicationId: 'a' };
const ben = { tenantId: 't', applicationId: 'b' };

/** Seconds to wait; 0: taken. */
function take(limit: ApplicationLimit, caller = anna): number {
  try {
    limit.take(caller);
    return 0;
  } catch (error) {
    assert.ok(error instanceof TooManyRequestsError);
    assert.ok(Number.isInteger(error.retryAfterSeconds) && error.retryAfterSeconds >= 1);
    return error.retryAfterSeconds;
  }
}
const takeMany = (limit: ApplicationLimit, count: number, caller = anna): number =>
  Array.from({ length: count }, () => take(limit, caller)).filter((wait) => wait === 0).length;

describe('the bucket of an application', () => {
  test('holds as much as the limit, and fills up evenly', () => {
    const limit = applicationLimit(clock, 20);
    assert.equal(takeMany(limit, 30), 20);
    pass(1);
    assert.equal(takeMany(limit, 5), 2);
    pass(10);
    assert.equal(takeMany(limit, 30), 20);
    pass(3_600);
    assert.equal(takeMany(limit, 30), 20, 'never more than full');
  });

  test('Retry-After is the time until one is taken again', () => {
    const limit = applicationLimit(clock, 2);
    assert.equal(takeMany(limit, 2), 2);
    assert.equal(take(limit), 5);
    pass(4.9);
    assert.equal(take(limit), 1);
    pass(0.2);
    assert.equal(take(limit), 0);
    assert.equal(take(limit), 5);
  });

  test('a refused request costs nothing', () => {
    const limit = applicationLimit(clock, 10);
    takeMany(limit, 1_000);
    pass(1);
    assert.equal(take(limit), 0);
  });

  test('applications and tenants are apart', () => {
    const limit = applicationLimit(clock, 3);
    assert.equal(takeMany(limit, 5), 3);
    assert.equal(takeMany(limit, 5, ben), 3);
    assert.equal(takeMany(limit, 5, { ...anna, tenantId: 'u' }), 3);
  });

  test('a clock that is set back gives nothing and takes nothing', () => {
    const limit = applicationLimit(clock, 10);
    assert.equal(takeMany(limit, 10), 10);
    pass(-3_600);
    assert.notEqual(take(limit), 0);
    pass(1);
    assert.equal(take(limit), 0);
  });

  test('of those that are remembered the one that has been away the longest goes first', () => {
    const limit = applicationLimit(clock, 1, 2);
    assert.equal(take(limit, anna), 0);
    assert.equal(take(limit, ben), 0);
    assert.notEqual(take(limit, anna), 0);
    assert.equal(take(limit, { ...anna, applicationId: 'c' }), 0);
    assert.notEqual(take(limit, anna), 0, 'still remembered');
    assert.equal(take(limit, ben), 0, 'forgotten');
  });
});

describe('over HTTP', () => {
  let server: RosterServer;
  const other = { tenantId: '' };
  before(async () => {
    server = await rosterServer({ applicationLimit: applicationLimit(clock, 10) });
    other.tenantId = server.otherTenantId;
  });
  after(() => server.close());
  const schools = (more: { tenantId?: string; permissions?: string[] } = {}) =>
    server.call('/v1.0/education/schools', more);

  test('more than the limit is 429 until the time has passed; another tenant goes on', async () => {
    pass(60);
    for (let request = 0; request < 10; request += 1) assert.equal((await schools()).status, 200);
    const refused = await schools();
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '1');
    assert.equal(refused.body.error.code, 'TooManyRequests');
    assert.match(refused.body.error.message, /10 requests in 10 seconds/);
    assert.equal(refused.headers.get('odata-version'), '4.0');
    assert.equal((await schools({ permissions: [] })).status, 429, 'before the permission');
    assert.equal((await server.call('/api/v1/runs')).status, 429);
    assert.equal((await schools(other)).status, 200);
    pass(1);
    assert.equal((await schools()).status, 200);
    assert.equal((await schools()).status, 429);
  });

  test('each request of a batch counts, the batch does not', async () => {
    pass(60);
    const requests = Array.from({ length: 12 }, (_, index) => ({
      id: String(index),
      method: 'GET',
      url: '/education/schools',
    }));
    const { status, body } = await server.call('/v1.0/$batch', { body: { requests } });
    assert.equal(status, 200);
    const statuses = body.responses.map((item: { status: number }) => item.status);
    assert.equal(statuses.filter((each: number) => each === 200).length, 10);
    const throttled = body.responses.filter((item: { status: number }) => item.status === 429);
    assert.equal(throttled.length, 2);
    assert.equal(throttled[0].headers['Retry-After'], '1');
    assert.equal(throttled[0].body.error.code, 'TooManyRequests');
    assert.equal((await server.call('/v1.0/$batch', { body: { requests } })).status, 200);
  });

  test('wrong tokens, unknown addresses, health and metadata cost an application nothing', async () => {
    pass(60);
    for (let request = 0; request < 30; request += 1) {
      await fetch(`${server.baseUrl}/v1.0/education/schools`);
      await server.call('/healthz');
      await server.call('/v1.0/$metadata');
      await server.call('/v1.0/education/nothing');
    }
    assert.equal((await schools()).status, 200);
  });
});

test('APPLICATION_REQUESTS sets the limit of a process; 0 is none', async () => {
  for (const [setting, refused] of [
    ['2', true],
    ['0', false],
  ] as const) {
    const rollbook = await startTestRollbook({
      settings: { APPLICATION_REQUESTS: setting },
      system: { ...realSystem, now: () => new Date(clock.at) },
    });
    try {
      clock.at = Date.now();
      const statuses: number[] = [];
      for (let request = 0; request < 5; request += 1)
        statuses.push((await rollbook.api('/v1.0/education/schools')).status);
      assert.deepEqual(statuses, refused ? [200, 200, 429, 429, 429] : [200, 200, 200, 200, 200]);
    } finally {
      await rollbook.stop();
    }
  }
});
