/** What is followed is told of by the database: here nobody looks by himself for an hour. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { readEvents } from '#test/helpers/event-reader.ts';
import { profileServer, type ProfileServer } from '#test/helpers/profile-server.ts';

const HOUR_MS = 3_600_000;

let server: ProfileServer;
before(async () => {
  server = await profileServer({
    hearsChanges: true,
    eventLimits: { pollMs: HOUR_MS, toldPollMs: HOUR_MS, closestMs: 1 },
  });
});
after(() => server.close());

test('a run that another process executes is followed as it goes, and so is the status of its profile', async () => {
  const profileId = await server.provisioned('Told');
  await server.upload(profileId, 'School.csv');
  await server.call('POST', `/synchronizationProfiles/${profileId}/start`);
  const runId = String((await server.latestRun(profileId))['id']);
  const caller = {
    tenantId: server.tenantId,
    applicationId: server.actor.applicationId,
    roles: ['EduAdministration.Read.All'],
    scopes: [],
  };
  const headers = {
    authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}`,
  };
  const run = await readEvents(`${server.baseUrl}/api/v1/runs/${runId}/events`, headers);
  const profile = await readEvents(`${server.baseUrl}/api/v1/profiles/${profileId}/events`, headers);
  await run.until(1);
  await profile.until(1);
  await server.setRun(runId, 'staging');
  await run.until(2);
  await server.rows(`update run set progress = '{"stage": "validating", "percent": 7}' where id = $1`, runId);
  await run.until(3);
  await server.setRun(runId, 'completed');
  assert.equal(await run.over, 'ended');
  assert.deepEqual(
    run.events.map(({ data }) => data.state),
    ['queued', 'staging', 'staging', 'completed'],
  );
  await profile.until(2);
  assert.notDeepEqual(profile.events.at(-1)?.data, profile.events[0]?.data);
  profile.close();
});
