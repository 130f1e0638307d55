import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { csvProfileBody, profileServer, type ProfileServer } from '#test/helpers/profile-server.ts';

let server: ProfileServer;
before(async () => {
  server = await profileServer();
});
after(() => server.close());

const P = '/synchronizationProfiles';

test('PUT in both documented forms and PATCH answer 202 with the profile, provisioning again', async () => {
  const id = await server.newProfile('Update');
  const forms: [string, string, unknown][] = [
    ['PUT', P, { id, ...csvProfileBody('Put without id in the address') }],
    ['PUT', `${P}/${id}`, csvProfileBody('Put with id')],
    ['PATCH', `${P}/${id}`, { displayName: 'Patched' }],
  ];
  for (const [method, path, body] of forms) {
    const answer = await server.call(method, path, body);
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.body.displayName, (body as { displayName: string }).displayName);
    assert.equal(answer.body.state, 'provisioning');
    assert.equal(answer.body.id, id);
  }
});

test('PUT without any id is 400; an id in the body that differs from the address, too', async () => {
  const id = await server.newProfile('Ids');
  const without = await server.call('PUT', P, csvProfileBody('x'));
  assert.equal(without.status, 400);
  assert.equal(without.body.error.target, 'id');
  const other = { id: server.context.system.newId() };
  assert.equal((await server.call('PUT', `${P}/${id}`, { ...csvProfileBody('x'), ...other })).status, 400);
  assert.equal((await server.call('PATCH', `${P}/${id}`, other)).status, 400);
});

test('PUT replaces everything, PATCH what it names; null takes a value away', async () => {
  const id = await server.newProfile('Replace');
  await server.call('PATCH', `${P}/${id}`, {
    expirationDate: '2031-01-01',
    handleSpecialCharacterConstraint: true,
  });
  const patched = await server.call('PATCH', `${P}/${id}`, { displayName: 'Still' });
  assert.deepEqual(
    [patched.body.expirationDate, patched.body.handleSpecialCharacterConstraint],
    ['2031-01-01', true],
  );
  const nulled = await server.call('PATCH', `${P}/${id}`, { expirationDate: null });
  assert.deepEqual([nulled.body.expirationDate, nulled.body.handleSpecialCharacterConstraint], [null, true]);
  const put = await server.call('PUT', `${P}/${id}`, csvProfileBody('Replaced'));
  assert.deepEqual([put.body.expirationDate, put.body.handleSpecialCharacterConstraint], [null, null]);
});

test('read-only properties are ignored, unknown ones refused', async () => {
  const id = await server.newProfile('Read-only');
  const ignored = await server.call('PATCH', `${P}/${id}`, {
    id,
    state: 'deleting',
    errors: [],
    profileStatus: {},
    '@odata.context': 'x',
    'licensesToAssign@odata.context': 'y',
    displayName: 'Kept',
  });
  assert.equal(ignored.status, 202);
  assert.equal(ignored.body.displayName, 'Kept');
  for (const body of [
    { paused: true },
    { settings: {} },
    { displayName: null },
    { dataProvider: null },
    'x',
    [],
  ]) {
    const answer = await server.call('PATCH', `${P}/${id}`, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
  }
});

test('the type of the provider cannot be changed', async () => {
  const id = await server.newProfile('Type');
  const answer = await server.call('PATCH', `${P}/${id}`, {
    dataProvider: {
      '@odata.type': '#microsoft.graph.educationPowerSchoolDataProvider',
      connectionUrl: 'https://ps.example',
      clientId: 'x',
    },
  });
  assert.equal(answer.status, 400);
  assert.equal(answer.body.error.target, 'dataProvider');
});

test('DELETE answers 202 without a body; then there is nothing', async () => {
  const id = await server.newProfile('Delete');
  const answer = await server.call('DELETE', `${P}/${id}`);
  assert.equal(answer.status, 202);
  assert.equal(answer.text, '');
  assert.equal(answer.headers.get('content-type'), null);
  let status = 200;
  for (let attempt = 0; status === 200 && attempt < 400; attempt += 1) {
    const got = await server.call('GET', `${P}/${id}`);
    status = got.status;
    if (status === 200) assert.equal(got.body.state, 'deleting');
    await server.context.system.sleep(10);
  }
  assert.equal(status, 404);
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/start'],
    ['POST', '/pause'],
    ['GET', '/profileStatus'],
    ['GET', '/errors'],
    ['GET', '/uploadUrl'],
  ]) {
    const gone = await server.call(String(method), `${P}/${id}${path}`);
    assert.equal(gone.status, 404, `${method} ${path}`);
    assert.equal(gone.body.error.code, 'Request_ResourceNotFound');
  }
  const list = await server.call('GET', P);
  assert.ok(!list.text.includes(id));
});

const OPERATIONS: [method: string, path: (id: string) => string, body?: unknown][] = [
  ['GET', (id) => `${P}/${id}`],
  ['PUT', (id) => `${P}/${id}`, csvProfileBody('Foreign')],
  ['PATCH', (id) => `${P}/${id}`, { displayName: 'Foreign' }],
  ['DELETE', (id) => `${P}/${id}`],
  ['POST', (id) => `${P}/${id}/pause`],
  ['POST', (id) => `${P}/${id}/resume`],
  ['POST', (id) => `${P}/${id}/reset`],
  ['POST', (id) => `${P}/${id}/start`],
  ['GET', (id) => `${P}/${id}/uploadUrl`],
  ['GET', (id) => `${P}/${id}/profileStatus`],
  ['GET', (id) => `${P}/${id}/errors`],
  ['GET', (id) => `${P}/${id}/errors/$count`],
  ['GET', (id) => `/api/v1/profiles/${id}/settings`],
  ['PATCH', (id) => `/api/v1/profiles/${id}/settings`, {}],
  ['GET', (id) => `/api/v1/profiles/${id}/schedule`],
  ['POST', (id) => `/api/v1/profiles/${id}/resume`],
  ['GET', (id) => `/api/v1/profiles/${id}/runs`],
  ['GET', (id) => `/api/v1/runs/${id}`],
  ['GET', (id) => `/api/v1/runs/${id}/findings`],
];

test("a foreign tenant's id, an unknown one and one that is none are all 404", async () => {
  const id = await server.newProfile('Mine');
  const before = await server.rows('select * from profile where id = $1', id);
  for (const [method, path, body] of OPERATIONS) {
    const asStranger = await server.call(method, path(id), body, { tenantId: server.context.system.newId() });
    assert.equal(asStranger.status, 404, `${method} ${path('')} as a stranger: ${asStranger.text}`);
    for (const wrong of [server.context.system.newId(), 'nonsense', "1' or '1'='1", '..%2f..'])
      assert.equal(
        (await server.call(method, path(encodeURIComponent(wrong)), body)).status,
        404,
        `${method} ${wrong}`,
      );
  }
  assert.deepEqual(await server.rows('select * from profile where id = $1', id), before);
  const list = await server.call('GET', P, undefined, { tenantId: server.context.system.newId() });
  assert.deepEqual(list.body.value, []);
});

test('who may only read may not write; who has no permission may nothing', async () => {
  const id = await server.newProfile('Permissions');
  for (const [method, path, body] of [...OPERATIONS, ['POST', () => P, csvProfileBody('No')] as const]) {
    const reading = method === 'GET' && !path(id).includes('uploadUrl');
    for (const caller of [
      { permissions: ['EduAdministration.Read.All'] },
      { scopes: ['EduAdministration.Read'] },
    ]) {
      const answer = await server.call(method, path(id), body, caller);
      if (!reading) assert.equal(answer.status, 403, `${method} ${path('')}`);
      else
        assert.ok(
          answer.status === 200 || path(id).includes('/runs/'),
          `${method} ${path('')} ${answer.status}`,
        );
    }
    const none = await server.call(method, path(id), body, { permissions: ['EduRoster.ReadWrite.All'] });
    assert.equal(none.status, 403);
    assert.equal(none.body.error.code, 'Authorization_RequestDenied');
  }
});
