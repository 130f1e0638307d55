/** POST /$batch: what the items are answered with. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { BatchRequestContent, BatchResponseContent } from '@microsoft/microsoft-graph-client';

import { rawRequest } from '#test/helpers/raw-request.ts';
import {
  rosterServer,
  type RosterAnswer,
  type RosterCall,
  type RosterServer,
} from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

interface Item {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a black box: tests say what they expect of it.
  readonly body?: any;
}

const ALL = ['EduRoster.ReadWrite.All', 'EduAdministration.ReadWrite.All'];
const JSON_HEADERS = { 'Content-Type': 'application/json' };

function send(requests: unknown, call: RosterCall = {}, version = 'v1.0'): Promise<RosterAnswer> {
  return server.call(`/${version}/$batch`, { permissions: ALL, ...call, body: { requests } });
}

async function batch(requests: unknown, call: RosterCall = {}, version = 'v1.0'): Promise<Item[]> {
  const { status, body, text } = await send(requests, call, version);
  assert.equal(status, 200, text);
  return body.responses;
}

async function one(request: Record<string, unknown>, call: RosterCall = {}, version = 'v1.0'): Promise<Item> {
  const [item] = await batch([{ id: '1', method: 'GET', ...request }], call, version);
  assert.ok(item);
  return item;
}

let made = 0;
/** The body of POST /education/users. */
function newUser(name = `pupil${(made += 1)}`): Record<string, unknown> {
  return {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@contoso.edu`,
    passwordProfile: { password: 'Start#2026' },
  };
}
const createUser = (id: string, body: unknown, more: Record<string, unknown> = {}) => ({
  id,
  method: 'POST',
  url: '/education/users',
  headers: JSON_HEADERS,
  body,
  ...more,
});
const usersCalled = async (name: string): Promise<number> => {
  const filter = encodeURIComponent(`displayName eq '${name}'`);
  return (await server.call(`/v1.0/education/users?$filter=${filter}`)).body.value.length;
};

describe('answers', () => {
  test('several requests: each as if it had come by itself', async () => {
    const answers = await batch([
      { id: 'b', method: 'GET', url: '/education/schools?$select=displayName&$orderby=displayName' },
      { id: 'a', method: 'GET', url: `education/users/${seeded.users.anna}?$select=givenName` },
      { id: 'c', method: 'get', url: '/education/classes/none' },
    ]);
    assert.deepEqual(
      answers.map(({ id, status }) => [id, status]),
      [
        ['b', 200],
        ['a', 200],
        ['c', 404],
      ],
      'in the order of the requests',
    );
    const [schools, anna, none] = answers;
    assert.deepEqual(
      schools?.body.value.map(({ displayName }: { displayName: string }) => displayName),
      ['Contoso High School', 'Fabrikam'],
    );
    assert.equal(anna?.body.givenName, 'Anna');
    assert.equal(none?.body.error.code, 'Request_ResourceNotFound');
    assert.match(schools?.headers['Content-Type'] ?? '', /^application\/json;odata\.metadata=minimal/);
    for (const { headers } of answers) assert.equal(headers['OData-Version'], '4.0');
  });

  test('each has a request-id of its own and the client-request-id of the batch, unless it names one', async () => {
    const { body, headers } = await send(
      [
        { id: '1', method: 'GET', url: '/education/schools' },
        { id: '2', method: 'GET', url: '/education/schools', headers: { 'Client-Request-Id': 'mine' } },
        { id: '3', method: 'HEAD', url: '/education/schools' },
      ],
      { headers: { 'client-request-id': 'outer' } },
    );
    const items: Item[] = body.responses;
    const ids = [headers.get('request-id'), ...items.map((item) => item.headers['request-id'])];
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(
      items.map((item) => item.headers['client-request-id']),
      ['outer', 'mine', 'outer'],
    );
    const [, , refused] = items;
    assert.equal(refused?.body.error.innerError['request-id'], refused?.headers['request-id']);
  });

  test('the version of the batch, unless the url names one', async () => {
    const contextOf = async (url: string, version: string): Promise<string> =>
      (await one({ url }, {}, version)).body['@odata.context'];
    assert.match(await contextOf('/education/schools', 'v1.0'), /\/v1\.0\/\$metadata#/);
    assert.match(await contextOf('education/schools', 'beta'), /\/beta\/\$metadata#/);
    assert.match(await contextOf('/beta/education/schools', 'v1.0'), /\/beta\/\$metadata#/);
    assert.match(await contextOf('V1.0/Education/Schools', 'beta'), /\/v1\.0\/\$metadata#/);
  });

  test('a query as people write it: spaces, letters beyond ASCII, quotes', async () => {
    const filter = async (text: string): Promise<number> =>
      (await one({ url: `/education/users?$filter=${text}` })).body.value.length;
    assert.equal(await filter("displayName eq 'Anna O''Brien'"), 1);
    assert.equal(await filter("displayName eq 'Zoë'"), 0);
    await batch([createUser('1', newUser('Zoe'))]);
    assert.equal(await filter(encodeURIComponent("displayName eq 'Zoe'")), 1);
  });

  test('links begin with the address and scheme that the client used for the batch', async () => {
    const body = JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/education/users?$top=1' }] });
    const caller = { tenantId: server.tenantId, applicationId: 'a', roles: ALL, scopes: [] };
    const token = Buffer.from(JSON.stringify(caller)).toString('base64url');
    const answer = await rawRequest(
      server.baseUrl,
      `POST /v1.0/$batch HTTP/1.1\r\nHost: Roster.Example:99\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    assert.match(
      answer,
      /"@odata\.nextLink":"http:\/\/roster\.example:99\/v1\.0\/education\/users\?\$top=1&\$skiptoken=/,
    );
    assert.match(
      answer,
      /"@odata\.context":"http:\/\/roster\.example:99\/v1\.0\/\$metadata#education\/users"/,
    );
  });

  test('text comes as text, nothing as no body', async () => {
    const [count, deleted] = await batch(
      [
        { id: '1', method: 'GET', url: '/education/synchronizationProfiles/$count' },
        {
          id: '2',
          method: 'DELETE',
          url: `/education/synchronizationProfiles/${await server.provisioned()}`,
        },
      ],
      {},
      'beta',
    );
    assert.match(count?.headers['Content-Type'] ?? '', /^text\/plain/);
    assert.match(count?.body, /^\d+$/);
    assert.equal(deleted?.status, 202);
    assert.ok(deleted !== undefined && !('body' in deleted) && !('Content-Type' in deleted.headers));
  });

  test('writes: 201 with Location, 204 when the client wants no more, errors of their own', async () => {
    const user = newUser();
    const [created, twice, minimal, wrong] = await batch([
      createUser('1', user),
      createUser('2', user, { dependsOn: ['1'] }),
      createUser('3', newUser(), { headers: { ...JSON_HEADERS, Prefer: 'return=minimal' } }),
      createUser('4', { ...newUser(), displayName: 5 }),
    ]);
    assert.equal(created?.status, 201);
    assert.equal(created?.headers['Location'], `${server.baseUrl}/v1.0/education/users/${created?.body.id}`);
    assert.equal(twice?.status, 400);
    assert.match(twice?.body.error.message, /userPrincipalName/);
    assert.equal(minimal?.status, 204);
    assert.ok(minimal !== undefined && !('body' in minimal));
    assert.match(minimal.headers['Location'] ?? '', /\/v1\.0\/education\/users\/[0-9a-f-]{36}$/);
    assert.equal(minimal.headers['OData-EntityId'], minimal.headers['Location']);
    assert.equal(minimal.headers['Preference-Applied'], 'return=minimal');
    assert.equal(wrong?.status, 400);
    assert.equal(wrong?.body.error.target, 'displayName');
  });

  test('headers of an item reach its operation', async () => {
    const item = await one({ url: '/education/schools', headers: { 'OData-MaxVersion': '3.0' } });
    assert.equal(item.status, 400);
    assert.match(item.body.error.message, /OData-MaxVersion/);
  });

  test('a wrong method is 405 with Allow, a wrong type of body 415', async () => {
    const [method, type] = await batch([
      { id: '1', method: 'DELETE', url: '/education/schools' },
      createUser('2', 'name,mail', { headers: { 'content-type': 'text/csv' } }),
    ]);
    assert.equal(method?.status, 405);
    assert.equal(method?.headers['Allow'], 'GET, HEAD, POST');
    assert.equal(type?.status, 415);
  });
});

describe('who may', () => {
  test('each item asks for its own permission', async () => {
    const answers = await batch(
      [{ id: '1', method: 'GET', url: '/education/schools' }, createUser('2', newUser())],
      { permissions: ['EduRoster.ReadBasic.All'] },
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 403],
    );
  });

  test('another tenant sees its own', async () => {
    const item = await one({ url: '/education/schools' }, { tenantId: server.otherTenantId });
    assert.deepEqual(item.body.value, []);
  });

  test('without a token 401 for the whole', async () => {
    const response = await fetch(`${server.baseUrl}/v1.0/$batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ requests: [{ id: '1', method: 'GET', url: '/education/schools' }] }),
    });
    assert.equal(response.status, 401);
    assert.match(await response.text(), /"InvalidAuthenticationToken"/);
  });

  test('an item brings no Authorization of its own', async () => {
    const headers = { authorization: 'Bearer x' };
    const item = await one({ url: '/education/schools', headers });
    assert.equal(item.status, 400);
    assert.match(item.body.error.message, /Authorization of the batch/);
  });
});

describe('order', () => {
  test('an item begins when those it depends on have ended, whatever the order they were sent in', async () => {
    const user = newUser();
    const url = `/education/users?$filter=displayName eq '${String(user['displayName'])}'`;
    const [found, created] = await batch([
      { id: 'READ', method: 'GET', url, dependsOn: ['write'] },
      createUser('Write', user),
    ]);
    assert.equal(created?.status, 201);
    assert.equal(found?.body.value.length, 1);
  });

  test('what depends on a failure is 424, and on that 424 too; nothing of it runs', async () => {
    const [first, second, third, other] = await batch([
      { id: '1', method: 'GET', url: '/education/schools/none' },
      createUser('2', newUser('never'), { dependsOn: ['1'] }),
      createUser('3', newUser('never'), { dependsOn: ['2', '4'] }),
      { id: '4', method: 'GET', url: '/education/schools' },
    ]);
    assert.deepEqual([first?.status, second?.status, third?.status, other?.status], [404, 424, 424, 200]);
    assert.equal(second?.body.error.code, 'FailedDependency');
    assert.equal(await usersCalled('never'), 0);
  });

  test('twenty at once, twenty in a row', async () => {
    const request = { method: 'GET', url: '/education/schools' };
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    const row = ids.map((id, index) => ({
      ...request,
      id,
      ...(index === 0 ? {} : { dependsOn: [ids[index - 1]] }),
    }));
    for (const requests of [ids.map((id) => ({ ...request, id })), row]) {
      const answers = await batch(requests);
      assert.deepEqual(
        answers.map(({ id, status }) => `${id} ${status}`),
        ids.map((id) => `${id} 200`),
      );
    }
  });
});

test('the batch of the JavaScript client, there and back', async () => {
  const steps = ['/beta/education/schools?$top=1', '/beta/education/classes'].map((path, index) => ({
    id: String(index + 1),
    request: new Request(`https://graph.example${path}`, { method: 'GET' }),
  }));
  const create = new Request('https://graph.example/beta/education/users', {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(newUser()),
  });
  const content = new BatchRequestContent([...steps, { id: '3', request: create }]);
  const { status, body } = await server.call('/beta/$batch', {
    permissions: ALL,
    body: await content.getContent(),
  });
  assert.equal(status, 200);
  const answers = new BatchResponseContent(body);
  const schools = (await answers.getResponseById('1').json()) as { value: unknown[] };
  assert.equal(schools.value.length, 1);
  assert.equal(answers.getResponseById('2').status, 200);
  assert.equal(answers.getResponseById('3').status, 201);
});

test('the log has a line per item, with the batch it belongs to and without its address', () => {
  const lines = server.log
    .map((line) => JSON.parse(line) as { route?: string; batchRequestId?: string })
    .filter(({ batchRequestId }) => batchRequestId !== undefined);
  assert.ok(lines.some(({ route }) => route === '/v1.0/education/users/:id'));
  assert.ok(!server.log.some((line) => line.includes('Brien')), 'no names');
});
