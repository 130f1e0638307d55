/** What every request to Graph can rely on: headers of answers, versions, preferences, methods, bodies. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { rawRequest } from '#test/helpers/raw-request.ts';
import { csvProfileBody } from '#test/helpers/profile-server.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';

let server: RosterServer;
before(async () => {
  server = await rosterServer();
});
after(() => server.close());

const SCHOOLS = '/v1.0/education/schools';
const USERS = '/v1.0/education/users';
const PROFILES = '/beta/education/synchronizationProfiles';
const ADMIN = { permissions: ['EduAdministration.ReadWrite.All'] };

describe('every answer says its ids and its version', () => {
  const cases: [name: string, status: number, path: string, call?: Parameters<RosterServer['call']>[1]][] = [
    ['an answer', 200, SCHOOLS],
    ['the service document', 200, '/v1.0'],
    ['400', 400, `${SCHOOLS}?$filter=x`],
    ['400 for a URL that is none', 400, '/beta/%ZZ'],
    ['401', 401, SCHOOLS, { headers: { authorization: 'Bearer x y' } }],
    ['403', 403, SCHOOLS, { permissions: [] }],
    ['404', 404, '/v1.0/education/nothing'],
    ['404 of a version', 404, '/beta/nothing'],
    ['405', 405, SCHOOLS, { method: 'DELETE' }],
    ['405 for OPTIONS', 405, SCHOOLS, { method: 'OPTIONS' }],
    ['413', 413, USERS, { body: `"${'x'.repeat(2_000_000)}"` }],
    ['414', 414, `${SCHOOLS}/${'x'.repeat(2_000)}`],
    ['415', 415, USERS, { body: 'a', contentType: 'text/plain' }],
  ];
  for (const [name, status, path, call = {}] of cases) {
    test(name, async () => {
      const headers = { 'client-request-id': 'mine', ...call.headers };
      const answer = await server.call(path, { ...call, headers });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers.get('odata-version'), '4.0');
      assert.equal(answer.headers.get('client-request-id'), 'mine');
      assert.match(answer.headers.get('request-id') ?? '', /^[0-9a-f-]{36}$/);
      assert.notEqual(answer.headers.get('date'), null);
      const diagnostic = JSON.parse(answer.headers.get('x-ms-ags-diagnostic') ?? '') as Record<
        string,
        unknown
      >;
      assert.deepEqual(Object.keys(diagnostic), ['ServerInfo']);
      if (status >= 400) assert.equal(answer.body.error.innerError['client-request-id'], 'mine');
    });
  }

  test('too many headers: 431 in the envelope', async () => {
    const flood = Array.from({ length: 3_000 }, (_, index) => `X-${index}: y`).join('\r\n');
    const answer = await rawRequest(server.baseUrl, `GET ${SCHOOLS} HTTP/1.1\r\nHost: x\r\n${flood}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 /);
    assert.match(answer, /\r\nclient-request-id: [0-9a-f-]{36}\r\n/);
    assert.match(answer, /"error":\{"code":"BadRequest"/);
  });

  test('what is not Graph has no OData-Version', async () => {
    for (const path of ['/api/v1/runs', '/healthz', '/betas', '/'])
      assert.equal((await server.call(path)).headers.get('odata-version'), null);
  });
});

describe('versions of OData', () => {
  for (const [header, value, status] of [
    ['OData-MaxVersion', '4.0', 200],
    ['OData-MaxVersion', '4.01', 200],
    ['OData-MaxVersion', '4.0;NetFx', 200],
    ['OData-MaxVersion', '3.0', 400],
    ['OData-Version', '4.0', 200],
    ['OData-Version', '3.0;NetFx', 400],
    ['OData-Version', '2', 400],
    ['OData-Version', 'four', 400],
  ] as const)
    test(`${header}: ${value} is ${status}`, async () => {
      const answer = await server.call(SCHOOLS, { headers: { [header]: value } });
      assert.equal(answer.status, status);
      if (status === 400) assert.equal(answer.body.error.target, header);
    });
});

test('Accept changes nothing: there is JSON alone', async () => {
  for (const accept of ['application/xml', 'text/html', 'application/json;odata.metadata=full']) {
    const answer = await server.call(SCHOOLS, { headers: { accept } });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json;odata\.metadata=minimal/);
  }
});

let made = 0;
function newUser(): Record<string, unknown> {
  const name = `pupil${(made += 1)}`;
  return {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@contoso.edu`,
    passwordProfile: { password: 'Start#2026' },
  };
}

describe('Prefer', () => {
  const minimal = { prefer: 'return=minimal' };

  test('return=minimal: a new object is 204 with its address', async () => {
    const answer = await server.call(USERS, { body: newUser(), headers: minimal });
    assert.equal(answer.status, 204);
    assert.equal(answer.text, '');
    assert.equal(answer.headers.get('content-type'), null);
    assert.equal(answer.headers.get('preference-applied'), 'return=minimal');
    const address = answer.headers.get('location') ?? '';
    assert.equal(answer.headers.get('odata-entityid'), address);
    assert.equal((await server.call(address)).body.displayName, `pupil${made}`);
  });

  test('the same for profiles; a changed one is 204 without an address', async () => {
    const created = await server.call(PROFILES, {
      ...ADMIN,
      body: csvProfileBody('Minimal'),
      headers: minimal,
    });
    assert.equal(created.status, 204);
    const address = created.headers.get('location') ?? '';
    assert.ok(address.startsWith(`${server.baseUrl}${PROFILES}/`));
    await server.finish(address.slice(-36));
    const change = { method: 'PATCH', body: { displayName: 'Other' }, headers: minimal };
    const changed = await server.call(address, { ...ADMIN, ...change });
    assert.equal(changed.status, 204, changed.text);
    assert.equal(changed.headers.get('location'), null);
    assert.equal(changed.headers.get('preference-applied'), 'return=minimal');
    assert.equal((await server.call(address, ADMIN)).body.displayName, 'Other');
  });

  test('errors, reads and answers that are no object stay whole', async () => {
    const wrong = await server.call(USERS, { body: { ...newUser(), displayName: 1 }, headers: minimal });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.error.target, 'displayName');
    const read = await server.call(SCHOOLS, { headers: minimal });
    assert.deepEqual(read.body.value, []);
    const requests = [{ id: '1', method: 'GET', url: '/education/schools' }];
    const batch = await server.call('/v1.0/$batch', { body: { requests }, headers: minimal });
    assert.equal(batch.body.responses[0].status, 200);
    for (const { headers } of [wrong, read, batch]) assert.equal(headers.get('preference-applied'), null);
  });

  test('return=representation is what happens anyway, and said', async () => {
    const headers = { prefer: 'unknown, RETURN=representation' };
    const answer = await server.call(USERS, { body: newUser(), headers });
    assert.equal(answer.status, 201);
    assert.equal(answer.body.displayName, `pupil${made}`);
    assert.equal(answer.headers.get('preference-applied'), 'return=representation');
  });

  test('unknown preferences, and texts that are none, change nothing', async () => {
    for (const prefer of ['respond-async', 'return=everything', ';;,=,"', 'x'.repeat(8_000)]) {
      const answer = await server.call(USERS, { body: newUser(), headers: { prefer } });
      assert.equal(answer.status, 201, prefer);
      assert.equal(answer.headers.get('preference-applied'), null);
    }
  });
});

/** Sends bytes as they are: a new user in some encoding. */
async function sendBytes(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; code: string; message: string }> {
  const { tenantId, actor } = server;
  const caller = {
    tenantId,
    applicationId: actor.applicationId,
    roles: ['EduRoster.ReadWrite.All'],
    scopes: [],
  };
  const response = await fetch(`${server.baseUrl}${USERS}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: bytes,
  });
  const { error } = (await response.json()) as { error?: { code: string; message: string } };
  return { status: response.status, code: error?.code ?? '', message: error?.message ?? '' };
}

describe('a body that is compressed', () => {
  const gzip = { 'content-encoding': 'gzip' };

  test('is 415, after which Kiota for Go sends it again as it is', async () => {
    const user = newUser();
    const refused = await sendBytes(gzipSync(JSON.stringify(user)), gzip);
    assert.deepEqual([refused.status, refused.code], [415, 'UnsupportedMediaType']);
    assert.match(refused.message, /without Content-Encoding/);
    assert.equal((await server.call(USERS, { body: user })).status, 201);
  });

  test('is refused of users in CSV, too', async () => {
    const csv = { body: 'userPrincipalName\na@contoso.edu\n', contentType: 'text/csv', headers: gzip };
    assert.equal((await server.call('/api/v1/users/import', csv)).status, 415);
  });

  test('is taken when it is not, or is none', async () => {
    const plain = { body: newUser(), headers: { 'content-encoding': 'identity' } };
    assert.equal((await server.call(USERS, plain)).status, 201);
    const pause = `${PROFILES}/0198e000-0000-7000-8000-00000000000a/pause`;
    assert.equal((await server.call(pause, { ...ADMIN, method: 'POST', headers: gzip })).status, 404);
  });
});

test('a body in Latin-1, as Windows PowerShell sends it: 400 with what to do', async () => {
  const body = JSON.stringify({ ...newUser(), displayName: 'Müller' });
  const refused = await sendBytes(Buffer.from(body, 'latin1'));
  assert.equal(refused.status, 400);
  assert.match(refused.message, /charset=utf-8/);
  assert.equal((await sendBytes(Buffer.from(body, 'utf8'))).status, 201);
});
