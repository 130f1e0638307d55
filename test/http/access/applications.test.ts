/** Applications by the API: their permissions, their secrets, their end, and what is kept of all that. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fetchToken } from '#test/helpers/rollbook-process.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

interface Made {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly previousSecretEndDateTime?: string | null;
}

const READER = ['EduRoster.Read.All'];
const PATH = '/api/v1/applications';
const make = (displayName: string, permissions = READER): Promise<Made> =>
  client.ok<Made>('POST', PATH, { displayName, permissions });
const rotate = (id: string, body?: unknown): Promise<Made> =>
  client.ok<Made>('POST', `${PATH}/${id}/rotateSecret`, body);
const signsIn = async (made: Made, clientSecret = made.clientSecret): Promise<boolean> =>
  fetchToken(rollbook.baseUrl, { ...made, clientSecret }).then(
    () => true,
    () => false,
  );

async function refused(method: string, path: string, body: unknown, status: number): Promise<string> {
  const response = await rollbook.api(path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.equal(response.status, status, text);
  return (JSON.parse(text) as { error: { message: string } }).error.message;
}

test('one application, read and changed; a token that is out has only what it still may', async () => {
  const made = await make('Reader');
  const token = await fetchToken(rollbook.baseUrl, made);
  const schools = async (): Promise<number> =>
    (
      await fetch(`${rollbook.baseUrl}/v1.0/education/schools`, {
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  assert.equal(await schools(), 200);
  const path = `${PATH}/${made.clientId}`;
  const changed = await client.ok<Record<string, unknown>>('PATCH', path, {
    displayName: ' Timetable ',
    permissions: ['EduAdministration.Read.All'],
  });
  assert.equal(changed['displayName'], 'Timetable');
  assert.equal(await schools(), 403, 'at once on this process');
  const read = await client.ok<Record<string, unknown>>(
    'GET',
    path.toUpperCase().replace('/API/V1/APPLICATIONS', PATH),
  );
  assert.deepEqual(
    { permissions: read['permissions'], revokedDateTime: read['revokedDateTime'], secrets: read['secrets'] },
    { permissions: ['EduAdministration.Read.All'], revokedDateTime: null, secrets: [{ endDateTime: null }] },
  );
  await client.ok('PATCH', path, { permissions: READER });
  assert.equal(await schools(), 200, 'what the token had, and it has again');
  assert.match(
    await refused('PATCH', path, { permissions: ['Rollbook.System.Manage'] }, 400),
    /cannot? be given|can be given/,
  );
  assert.match(await refused('PATCH', path, { permissions: [] }, 400), /permissions/);
  assert.match(await refused('PATCH', path, { displayName: ' ' }, 400), /displayName/);
  assert.match(await refused('PATCH', path, { secret: 'x' }, 400), /secret/);
  await refused('PATCH', `${PATH}/${rollbook.tenantId}`, {}, 404);
  await refused('GET', `${PATH}/none`, undefined, 404);
});

test('a rotation: both secrets, then the new one alone; never three', async () => {
  const made = await make('Rotates');
  const rotated = await rotate(made.clientId, { graceHours: 2 });
  const hours = (Date.parse(rotated.previousSecretEndDateTime ?? '') - Date.now()) / 3_600_000;
  assert.ok(hours > 1.9 && hours < 2.1, String(hours));
  assert.notEqual(rotated.clientSecret, made.clientSecret);
  assert.deepEqual([await signsIn(made), await signsIn(rotated)], [true, true]);
  const read = await client.ok<{ secrets: unknown[] }>('GET', `${PATH}/${made.clientId}`);
  assert.deepEqual(read.secrets, [{ endDateTime: rotated.previousSecretEndDateTime }, { endDateTime: null }]);
  const message = await refused('POST', `${PATH}/${made.clientId}/rotateSecret`, undefined, 409);
  assert.match(message, /Two secrets of this application are valid until 20.*"immediately": true/);

  await rollbook.rows(
    `update application_secret set expires_at = now() - interval '1 second' where application_id = $1 and expires_at is not null`,
    [made.clientId],
  );
  assert.deepEqual([await signsIn(made), await signsIn(rotated)], [false, true], 'after the grace period');
  const again = await rotate(made.clientId);
  assert.deepEqual([await signsIn(rotated), await signsIn(again)], [true, true]);
});

test('a rotation at once ends all others', async () => {
  const made = await make('Leaked');
  const second = await rotate(made.clientId);
  const day = (Date.parse(second.previousSecretEndDateTime ?? '') - Date.now()) / 86_400_000;
  assert.ok(day > 0.99 && day < 1.01, 'a day by default');
  const third = await rotate(made.clientId, { immediately: true });
  assert.equal(third.previousSecretEndDateTime, null);
  assert.deepEqual([await signsIn(made), await signsIn(second), await signsIn(third)], [false, false, true]);
  const fourth = await rotate(made.clientId, { graceHours: 0 });
  assert.deepEqual([await signsIn(third), await signsIn(fourth)], [false, true]);
  const path = `${PATH}/${made.clientId}/rotateSecret`;
  assert.match(await refused('POST', path, { graceHours: 2_161 }, 400), /graceHours/);
  assert.match(await refused('POST', path, { graceHours: -1 }, 400), /graceHours/);
  assert.match(await refused('POST', path, { graceHours: 1, immediately: true }, 400), /immediately/);
  assert.match(await refused('POST', path, { hours: 1 }, 400), /hours/);
});

test('a revoked application stays revoked', async () => {
  // Nobody else manages the tenant but the administrator, which is then the last one: this one is none any more.
  const made = await make('Gone', ['Rollbook.Tenant.Manage']);
  const path = `${PATH}/${made.clientId}`;
  assert.equal((await rollbook.api(path, { method: 'DELETE' })).status, 204);
  assert.equal((await rollbook.api(path, { method: 'DELETE' })).status, 204, 'again');
  assert.ok(!(await signsIn(made)));
  assert.match(
    await refused('POST', `${path}/rotateSecret`, {}, 409),
    /was revoked at 20.*create another one/,
  );
  assert.match(await refused('PATCH', path, { displayName: 'x' }, 409), /was revoked/);
});

test('the last one that manages the tenant cannot be lost by mistake', async () => {
  const path = `${PATH}/${rollbook.clientId}`;
  for (const [method, body] of [
    ['PATCH', { permissions: READER }],
    ['DELETE', undefined],
  ] as const)
    assert.match(
      await refused(method, path, body, 409),
      /last application of this tenant that has Rollbook\.Tenant\.Manage/,
    );
  const second = await make('Second', ['Rollbook.Tenant.Manage']);
  const rest = ['Rollbook.System.Manage', ...READER];
  assert.match(
    await refused('DELETE', path, undefined, 409),
    /only application that has Rollbook\.System\.Manage/,
  );

  // Each takes it from the other at the same time: one of them has to fail.
  const other = await make('Third', ['Rollbook.Tenant.Manage']);
  await client.ok('PATCH', path, { permissions: [...rest, 'Rollbook.Tenant.Manage'] });
  const token = await rollbook.token();
  await client.ok('PATCH', path, { permissions: rest });
  const by = async (made: Made, target: Made): Promise<number> => {
    const authorization = `Bearer ${await fetchToken(rollbook.baseUrl, made)}`;
    return (
      await fetch(`${rollbook.baseUrl}${PATH}/${target.clientId}`, {
        method: 'DELETE',
        headers: { authorization },
      })
    ).status;
  };
  const statuses = await Promise.all([by(second, other), by(other, second)]);
  assert.equal(statuses.filter((status) => status === 204).length, 1, String(statuses));
  const left = statuses[0] === 204 ? second : other;
  const authorization = `Bearer ${await fetchToken(rollbook.baseUrl, left)}`;
  const back = await fetch(`${rollbook.baseUrl}${path}`, {
    method: 'PATCH',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ permissions: [...rest, 'Rollbook.Tenant.Manage'] }),
  });
  assert.equal(back.status, 200, 'System.Manage is kept, not given');
  assert.equal(
    (await fetch(`${rollbook.baseUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })).status,
    200,
  );
});

test('each act leaves a line that no request can change, and no secret', async () => {
  const made = await make('Audited');
  const path = `${PATH}/${made.clientId}`;
  await client.ok('PATCH', path, { displayName: 'Renamed' });
  await client.ok('PATCH', path, { displayName: 'Renamed' });
  const rotated = await rotate(made.clientId);
  for (let time = 0; time < 2; time += 1) await rollbook.api(path, { method: 'DELETE' });
  const text = await (await rollbook.api(`${path}/events`)).text();
  const { value } = JSON.parse(text) as {
    value: { event: string; actor: string; actorName: string; detail: unknown }[];
  };
  assert.deepEqual(
    value.map(({ event }) => event),
    ['created', 'updated', 'secretRotated', 'revoked'],
    'what changes nothing is no event',
  );
  for (const { actor, actorName } of value)
    assert.deepEqual([actor, actorName], [rollbook.clientId, 'Administrator']);
  assert.deepEqual(value[1]?.detail, {
    before: { displayName: 'Audited', permissions: READER },
    after: { displayName: 'Renamed', permissions: READER },
  });
  const log = rollbook.logLines.join('') + text;
  assert.ok(
    !log.includes(made.clientSecret) && !log.includes(rotated.clientSecret) && !log.includes('scrypt'),
  );
  const [{ may } = { may: undefined }] = await rollbook.rows(
    `select has_table_privilege('rollbook_app', 'application_event', 'update') or has_table_privilege('rollbook_app', 'application_event', 'delete') as may`,
  );
  assert.equal(may, false);
  const first = await rollbook.rows(
    `select event, actor from application_event where application_id = $1 and event = 'created'`,
    [rollbook.clientId],
  );
  assert.deepEqual(first, [{ event: 'created', actor: 'rollbook' }]);
});
