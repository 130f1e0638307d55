/** $expand of profiles: their status and their errors come along, as their own addresses give them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { profileServer, type Answer, type ProfileServer } from '#test/helpers/profile-server.ts';

const P = '/synchronizationProfiles';

let server: ProfileServer;
let quiet: string;
let failing: string;
let working: string;
before(async () => {
  server = await profileServer();
  quiet = await server.newProfile('Quiet');
  failing = await server.newProfile('Failing');
  working = await server.newProfile('Working');
  await run(failing, 'completed');
  await addErrors(failing, 130);
  await run(working, 'staging');
  await addErrors(working, 3, 'InvalidLookupReference');
});
after(() => server.close());

const run = (id: string, state: string) =>
  server.rows(
    `insert into run (tenant_id, id, profile_id, state, requested_by) values (current_tenant(), gen_random_uuid(), $1, $2, 'test')`,
    id,
    state,
  );
/** Three seconds of errors, a third of them each: the newest have the lowest numbers. */
const addErrors = (id: string, count: number, code = 'UnsynchronizableChange') =>
  server.rows(
    `insert into record_error (tenant_id, profile_id, id, run_id, entry_type, error_code, error_message, reportable_identifier, file, line, recorded_at)
     select current_tenant(), $1, gen_random_uuid(), $1, 'Student', $3, 'no account ' || n, 'S' || n, 'student.csv', n,
            '2026-09-01'::timestamptz - make_interval(secs => n % 3)
       from generate_series(1, $2::int) n`,
    id,
    count,
    code,
  );
const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const answer = await server.call('GET', path, undefined, { headers });
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer;
};
const pathOf = (link: string): string => link.slice(`${server.baseUrl}/beta/education`.length);

test('status and errors come along with every profile, as their own addresses give them', async () => {
  const plain = await get(P);
  const { body } = await get(`${P}?$expand=profileStatus,errors`);
  assert.equal(
    body['@odata.context'],
    `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles(profileStatus(),errors())`,
  );
  assert.equal(body.value.length, 3);
  for (const [place, found] of body.value.entries()) {
    const { profileStatus, errors, 'errors@odata.nextLink': _link, ...profile } = found;
    assert.deepEqual(profile, plain.body.value[place]);
    const { '@odata.context': _context, ...status } = (await get(`${P}/${found.id}/profileStatus`)).body;
    assert.deepEqual(profileStatus, status);
    assert.deepEqual(errors, (await get(`${P}/${found.id}/errors`)).body.value);
    const one = await get(`${P}/${found.id}?$expand=errors,profileStatus`);
    assert.deepEqual(one.body.errors, errors);
    assert.deepEqual(one.body.profileStatus, status);
    assert.equal(
      one.body['@odata.context'],
      `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles(errors(),profileStatus())/$entity`,
    );
  }
  assert.deepEqual(
    body.value.map(({ profileStatus, errors }: Record<string, { status?: string; length?: number }>) => [
      profileStatus?.status,
      errors?.length,
    ]),
    [
      ['paused', 0],
      ['error', 100],
      ['inProgress', 3],
    ],
  );
});

test('what goes on behind 100 errors is behind a link of its own, in the same order', async () => {
  for (const [query, link] of [
    [`${P}/${failing}?$expand=errors($select=id,reportableIdentifier)`, (body: Answer['body']) => body],
    [
      `${P}?$filter=displayName eq 'Failing'&expand=Errors(select=reportableIdentifier,id)`,
      (body: Answer['body']) => body.value[0],
    ],
  ] as const) {
    const found = link((await get(query)).body);
    assert.equal(found.errors.length, 100);
    const rest = await get(pathOf(found['errors@odata.nextLink']));
    assert.equal('@odata.nextLink' in rest.body, false);
    const all = [...found.errors, ...rest.body.value];
    for (const error of all) assert.deepEqual(Object.keys(error), ['id', 'reportableIdentifier']);
    const whole = await get(`${P}/${failing}/errors?$top=1000&$select=id,reportableIdentifier`);
    assert.deepEqual(all, whole.body.value);
    assert.equal(all[0].reportableIdentifier, 'S3', 'the newest first, then as they stand in the file');
  }
  const few = await get(`${P}/${working}?$expand=errors`);
  assert.equal('errors@odata.nextLink' in few.body, false);
});

test('exactly as many as come along have no link', async () => {
  const id = await server.newProfile('Hundred');
  await addErrors(id, 100);
  const { body } = await get(`${P}/${id}?$expand=errors`);
  assert.deepEqual([body.errors.length, 'errors@odata.nextLink' in body], [100, false]);
  assert.equal((await server.call('DELETE', `${P}/${id}`)).status, 202);
});

test('$select inside and outside, together with the other options, over pages', async () => {
  const query =
    `$expand=profileStatus($select=status),errors($select=errorCode)&$select=displayName&$top=1&$count=true` +
    `&$orderby=displayName desc&$filter=startswith(displayName,'f') or startswith(displayName,'w')`;
  const first = await get(`${P}?${query}`);
  assert.equal(first.body['@odata.count'], 2);
  const code = { errorCode: 'InvalidLookupReference' };
  assert.deepEqual(first.body.value, [
    { displayName: 'Working', profileStatus: { status: 'inProgress' }, errors: [code, code, code] },
  ]);
  assert.equal(
    first.body['@odata.context'],
    `${server.baseUrl}/beta/$metadata#education/synchronizationProfiles(displayName,profileStatus(status),errors(errorCode))`,
  );
  const second = await get(pathOf(first.body['@odata.nextLink']));
  const [found] = second.body.value;
  assert.deepEqual(Object.keys(found), ['displayName', 'profileStatus', 'errors', 'errors@odata.nextLink']);
  assert.deepEqual([found.displayName, found.profileStatus], ['Failing', { status: 'error' }]);
  assert.equal('@odata.nextLink' in second.body, false);
  const none = await get(`${P}?$expand=errors,profileStatus&$filter=displayName eq 'x'`);
  assert.deepEqual(none.body.value, []);
});

test('members added to the enumeration are for those who ask for them, here too', async () => {
  const prefer = { prefer: 'include-unknown-enum-members' };
  for (const path of [`${P}/${working}?$expand=profileStatus`, `${P}?$expand=profileStatus`]) {
    const statusIn = ({ body }: Answer): string =>
      (body.value?.find(({ id }: { id: string }) => id === working) ?? body).profileStatus.status;
    const asked = await get(path, prefer);
    assert.equal(statusIn(asked), 'extracting');
    assert.equal(asked.headers.get('preference-applied'), 'include-unknown-enum-members');
    const plain = await get(path);
    assert.equal(statusIn(plain), 'inProgress');
    assert.equal(plain.headers.get('preference-applied'), null);
  }
});

test('a profile that was read with everything can be sent back', async () => {
  const { body } = await get(`${P}/${failing}?$expand=profileStatus,errors`);
  const sent = await server.call('PATCH', `${P}/${failing}`, body);
  assert.equal(sent.status, 202, sent.text);
});

test('profiles by their errors; nothing filters or sorts by the status, which is derived', async () => {
  const names = async (filter: string): Promise<string[]> =>
    (await get(`${P}?$filter=${encodeURIComponent(filter)}`)).body.value
      .map(({ displayName }: { displayName: string }) => displayName)
      .filter((name: string) => name !== 'Hundred');
  assert.deepEqual(await names("errors/any(e:e/errorCode eq 'InvalidLookupReference')"), ['Working']);
  assert.deepEqual(await names('not errors/any()'), ['Quiet']);
  for (const query of [
    '$filter=profileStatus/any()',
    "$filter=profileStatus/any(s:s/status eq 'error')",
    "$filter=profileStatus/status eq 'error'",
    '$orderby=profileStatus/status',
    '$orderby=errors',
    '$select=errors',
  ]) {
    const answer = await server.call('GET', `${P}?${query}`);
    assert.equal(answer.status, 400, `${query}: ${answer.text}`);
    assert.match(answer.body.error.message, /profileStatus|errors/u);
  }
});

test('what is not supported is refused in words of its own', async () => {
  const cases: [expand: string, code: string, message: RegExp][] = [
    ['nonsense', 'Request_UnsupportedQuery', /does not take "nonsense" .* It takes errors, profileStatus/u],
    ['*', 'BadRequest', /takes names of related objects/u],
    ['', 'BadRequest', /takes names of related objects/u],
    ['errors,', 'BadRequest', /takes names/u],
    ['errors,Errors', 'BadRequest', /names "errors" twice/u],
    ['errors($expand=x)', 'Request_UnsupportedQuery', /takes \$select inside, not "\$expand"/u],
    ['errors($top=5)', 'Request_UnsupportedQuery', /\$select inside, not "\$top"/u],
    ["errors($filter=errorCode eq 'x')", 'Request_UnsupportedQuery', /\$select inside, not "\$filter"/u],
    ['errors($levels=max)', 'Request_UnsupportedQuery', /\$select inside/u],
    ['errors($select=id;$select=id)', 'BadRequest', /\$select twice/u],
    ['errors($select=nonsense)', 'BadRequest', /no property named "nonsense"/u],
    ['profileStatus($select=errorCode)', 'BadRequest', /no property named "errorCode"/u],
    ['errors/$count', 'BadRequest', /takes names/u],
    ['errors/$ref', 'BadRequest', /takes names/u],
    ['errors(', 'BadRequest', /nothing closes/u],
    ['errors)', 'BadRequest', /closes nothing/u],
    ['constructor', 'Request_UnsupportedQuery', /does not take "constructor"/u],
    ['__proto__', 'BadRequest', /takes names/u],
    [`errors${'($expand=errors'.repeat(500)}${')'.repeat(500)}`, 'BadRequest', /one level deep/u],
    ['('.repeat(5_000), 'BadRequest', /one level deep/u],
    [`errors($select=${'id,'.repeat(300)}id)`, 'BadRequest', /at most 200 properties/u],
    [Array.from({ length: 1_000 }, () => 'errors').join(','), 'BadRequest', /twice/u],
  ];
  for (const [expand, code, message] of cases)
    for (const path of [P, `${P}/${failing}`]) {
      const answer = await server.call('GET', `${path}?$expand=${encodeURIComponent(expand)}`);
      const shown = expand.slice(0, 60);
      assert.deepEqual([answer.status, answer.body.error.code], [400, code], `${shown}: ${answer.text}`);
      assert.match(answer.body.error.message, message, shown);
      assert.ok(answer.body.error.innerError['request-id']);
    }
  for (const path of [
    `${P}/$count?$expand=errors`,
    `${P}/${failing}/errors?$expand=errors`,
    `${P}/${failing}/profileStatus?$expand=errors`,
    `${P}/${failing}?$expand=errors&expand=errors`,
    `${P}/${failing}?$expand=errors&$top=1`,
  ])
    assert.equal((await server.call('GET', path)).status, 400, path);
});

test('behind the permission of the profile, and within its tenant', async () => {
  const path = `${P}/${failing}?$expand=errors,profileStatus`;
  const read = { permissions: ['EduAdministration.Read.All'] };
  assert.equal((await server.call('GET', path, undefined, read)).status, 200);
  const roster = { permissions: ['EduRoster.ReadWrite.All'] };
  assert.equal((await server.call('GET', path, undefined, roster)).status, 403);
  const tenantId = '00000000-0000-7000-8000-000000000000';
  assert.equal((await server.call('GET', path, undefined, { tenantId })).status, 404);
  const list = await server.call('GET', `${P}?$expand=errors`, undefined, { tenantId });
  assert.deepEqual(list.body.value, []);
});

// Last: the others count on the profiles that are there.
test('a page with related objects has 100 profiles at most, whatever is asked for', async () => {
  await server.rows(
    `insert into profile (tenant_id, id, source_system_id, display_name, data_provider, identity_configuration, state)
     select tenant_id, gen_random_uuid(), source_system_id, 'copy', data_provider, identity_configuration, state
       from profile, generate_series(1, 120) where id = $1`,
    quiet,
  );
  const total = Number((await get(`${P}/$count`)).text);
  assert.ok(total > 120);
  assert.equal((await get(`${P}?$top=1000`)).body.value.length, total);
  const first = await get(`${P}?$top=1000&$expand=profileStatus($select=status),errors($select=id)`);
  assert.equal(first.body.value.length, 100);
  const rest = await get(pathOf(first.body['@odata.nextLink']));
  const all = [...first.body.value, ...rest.body.value];
  assert.equal(new Set(all.map(({ id }: { id: string }) => id)).size, total);
  for (const { profileStatus, errors } of all)
    assert.deepEqual([Object.keys(profileStatus), Array.isArray(errors)], [['status'], true]);
});
