/** Values of the right form that PostgreSQL's types do not hold: 400 or an empty answer, never a 5xx. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { insertProfile } from '#test/helpers/insert-profile.ts';
import { type RosterCall, type RosterServer, rosterServer } from '#test/helpers/roster-server.ts';

let server: RosterServer;
let profileId: string;
let runId: string;
before(async () => {
  server = await rosterServer();
  profileId = await insertProfile(server.db, server.tenantId);
  runId = realSystem.newId();
  await inTenant(server.db, server.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, requested_by) values (current_tenant(), $1, $2, 'completed', 'test')`,
      [runId, profileId],
    );
    await tx.query(
      `insert into plan (tenant_id, run_id, roster_hash, plan_hash, item_count, counts, verdict) values (current_tenant(), $1, 'h', 'h', 3, '[]', '{"outcome":"clean","reasons":[]}')`,
      [runId],
    );
    await tx.query(
      `insert into plan_count (tenant_id, run_id, school_id, kind, action, item_count, failed_count, judged_count, first_item_no, last_item_no)
         values (current_tenant(), $1, '', 'org', 'create', 3, 0, 0, 1, 3)`,
      [runId],
    );
  });
});
after(() => server.close());

const permissions = [
  'EduRoster.ReadWrite.All',
  'EduAdministration.ReadWrite.All',
  'Rollbook.Tenant.Manage',
  'Rollbook.System.Manage',
];
async function notOurFault(path: string, call: RosterCall = {}): Promise<void> {
  const { status, text } = await server.call(path, { permissions, ...call });
  assert.ok(status < 500, `${call.method ?? 'GET'} ${path}: ${status} ${text}`);
}
const token = (text: string): string => Buffer.from(text).toString('base64url');

for (const offset of ['%2B16:00', '-16:00', '%2B23:59'])
  test(`a time with the offset ${offset}`, async () => {
    await notOurFault(`/v1.0/organization?$filter=createdDateTime%20ge%202026-01-01T00:00:00${offset}`);
    await notOurFault(
      `/beta/education/synchronizationProfiles/${profileId}/errors?$filter=recordedDateTime%20ge%202026-01-01T00:00:00${offset}`,
    );
  });
for (const time of [
  '0001-01-01T00:00:00%2B14:00',
  '9999-12-31T24:00:00Z',
  '9999-12-31T23:59:59.999999999999-14:00',
])
  test(`the time ${time}`, () => notOurFault(`/v1.0/organization?$filter=createdDateTime%20ge%20${time}`));

for (const [name, value] of [
  ['from', '0000-01-01'],
  ['to', '0000-12-31'],
  ['from', '0000-01-01T00:00:00Z'],
  ['to', '9999-12-31'],
  ['from', '0001-01-01T00:00:00%2B14:00'],
])
  test(`runs with ${name}=${value}`, () => notOurFault(`/api/v1/runs?${name}=${value}`));

test('a date of the year 0 in a class', async () => {
  const created = await server.call('/v1.0/education/classes', {
    method: 'POST',
    body: { displayName: 'A', mailNickname: 'a' },
  });
  assert.equal(created.status, 201);
  await notOurFault(`/v1.0/education/classes/${created.body.id}`, {
    method: 'PATCH',
    body: { term: { startDate: '0000-01-01' } },
  });
});
test('a birth date of the year 0', () =>
  notOurFault('/v1.0/education/users', {
    method: 'POST',
    body: {
      accountEnabled: true,
      displayName: 'A',
      mailNickname: 'a',
      userPrincipalName: 'a@contoso.edu',
      passwordProfile: { password: 'Str0ng!Pass' },
      student: { birthDate: '0000-01-01' },
    },
  }));

for (const number of ['99999999999', '2147483648', '-99999999999', '9007199254740991', '1e10'])
  test(`items of a plan behind ${number}`, () =>
    notOurFault(`/api/v1/runs/${runId}/plan/items?$skiptoken=${token(`after:${number}`)}`));
test('findings behind a number', () =>
  notOurFault(`/api/v1/runs/${runId}/findings?$skiptoken=${token('after:999999999')}`));
for (const query of ['school=%00', 'sourceId=%00', 'sourceId=a%00', 'school=%EF%BF%BD'])
  for (const ending of ['', '.csv', '.jsonl'])
    test(`items${ending} of a plan with ${query}`, () =>
      notOurFault(`/api/v1/runs/${runId}/plan/items${ending}?${query}`));
test('schools of a plan behind half a character', () =>
  notOurFault(
    `/api/v1/runs/${runId}/plan/schools?$skiptoken=${Buffer.from('after:\uD800').toString('base64url')}`,
  ));

for (const path of [
  '/api/v1/runs/%00',
  '/api/v1/runs/%00/events',
  '/api/v1/runs/%00/findings',
  '/api/v1/runs/%00/plan',
  '/api/v1/runs/%00/plan/items',
  '/api/v1/profiles/%00/runs',
  '/api/v1/profiles/%00/settings',
  '/api/v1/profiles/%00/expirations',
  '/api/v1/notices?profileId=%00',
  '/api/v1/notices?profileId=x',
  '/api/v1/notices/%00/deliveries',
  '/api/v1/notices/x/deliveries',
  '/api/v1/noticeChannels/%00',
  '/api/v1/noticeChannels/x',
  '/api/v1/referenceLists/%00',
  '/api/v1/applications/%00',
  '/api/v1/applications/x/events',
  '/api/v1/users/%00',
  '/api/v1/users/a%00@b/roles',
  '/api/v1/users/%F0%9F%98%80@b/roles',
  '/api/v1/classes/%00/enrollments',
  '/api/v1/orgs?type=%00',
  '/api/v1/orgs?parent=%00',
  '/v1.0/users/a%00@b',
  `/v1.0/education/users?$filter=displayName%20eq%20'%00'`,
  `/v1.0/education/users?$search=%22%00a%22`,
  `/v1.0/education/users?$filter=student/birthDate%20eq%200000-01-01`,
  `/v1.0/education/users?$filter=student/birthDate%20eq%209999-12-31`,
  '/v1.0/education/users?$skip=999999999',
  '/beta/education/synchronizationProfiles/%00',
  '/beta/education/synchronizationProfiles/%00/profileStatus',
  '/beta/education/synchronizationProfiles/%00/errors',
  `/beta/education/synchronizationProfiles?$filter=expirationDate%20eq%200000-01-01`,
  `/beta/education/synchronizationProfiles?$filter=id%20eq%20'%00'`,
])
  test(`GET ${path}`, () => notOurFault(path));

for (const [method, path, body] of [
  ['PUT', '/api/v1/referenceLists/grades/values/%00', { title: 'x' }],
  ['PUT', '/api/v1/referenceLists/grades/values/a%00', { title: 'x' }],
  ['DELETE', '/api/v1/referenceLists/grades/values/%00', undefined],
  ['POST', '/api/v1/tenants', { name: 'x', timeZone: 'Nowhere/Land' }],
  ['POST', '/api/v1/tenants', { name: ' ', timeZone: 'UTC' }],
  ['POST', '/api/v1/tenants', { name: 'x', timeZone: '+23:59' }],
  ['POST', '/api/v1/tenants', { name: 'x', timeZone: '-99:99' }],
  ['POST', '/api/v1/tenants', { name: 'x', timeZone: 'America/Coyhaique' }],
  ['POST', '/api/v1/runs/x/cancel', undefined],
  ['POST', '/api/v1/runs/x/approve', undefined],
  ['POST', '/api/v1/noticeChannels/x/test', undefined],
  ['DELETE', '/api/v1/noticeChannels/%00', undefined],
] as const)
  test(`${method} ${path} ${JSON.stringify(body)}`, () => notOurFault(path, { method, body }));

for (const cron of ['constructor', '__proto__', 'toString'])
  test(`a cron line that is the name of what every object has: ${cron}`, async () => {
    const id = await server.provisioned(`Cron ${cron}`);
    await notOurFault(`/api/v1/profiles/${id}/settings`, { method: 'PATCH', body: { schedule: { cron } } });
  });

for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
  test(`the name of what every object has: ${word}`, async () => {
    for (const query of [
      `${word}=1`,
      `$filter=${word}%20eq%201`,
      `$filter=${word}/any(a:a%20eq%201)`,
      `$orderby=${word}`,
      `$select=${word}`,
      `$expand=${word}`,
      `$search=%22${word}:a%22`,
    ])
      await notOurFault(`/beta/education/users?${query}`);
    for (const path of [
      `/api/v1/runs?state=${word}`,
      `/api/v1/referenceLists/${word}`,
      `/api/v1/runs/${runId}/plan/items?kind=${word}`,
      `/api/v1/runs/${runId}/plan/items?${word}=1`,
      `/api/v1/orgs?type=${word}`,
      `/v1.0/${word}`,
      `/v1.0/education/${word}('x')`,
      `/${word}`,
    ])
      await notOurFault(path);
    for (const [path, body] of [
      ['/v1.0/education/schools', { displayName: 'a', [word]: 1 }],
      ['/v1.0/education/classes', { displayName: 'a', mailNickname: 'b', course: { [word]: {} } }],
      ['/v1.0/education/users', { [word]: null }],
      ['/beta/education/synchronizationProfiles', { [word]: {}, displayName: 'x' }],
      [
        '/beta/education/synchronizationProfiles',
        { displayName: 'x', dataProvider: { '@odata.type': word } },
      ],
      ['/api/v1/noticeChannels', { kind: word, address: 'a@b.c' }],
      ['/api/v1/applications', { displayName: 'x', permissions: [word] }],
      [`/api/v1/profiles/${profileId}/reset`, { scopes: [word] }],
      [
        '/v1.0/$batch',
        { requests: [{ id: word, method: word, url: word, dependsOn: [word], headers: { [word]: 'x' } }] },
      ],
    ] as const)
      await notOurFault(path, { method: 'POST', body: JSON.stringify(body) });
    await notOurFault(`/api/v1/profiles/${profileId}/settings`, {
      method: 'PATCH',
      body: JSON.stringify({ [word]: 1, schedule: { [word]: 1 }, limits: [{ kind: word }] }),
    });
  });
