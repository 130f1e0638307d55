/** POST /$batch with what takes long or answers much, by HTTP and HTTPS. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { csvProfileBody } from '#test/helpers/profile-server.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { rosterServer } from '#test/helpers/roster-server.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { seedStudents } from '#test/helpers/seed-directory.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook({ https: true });
});
after(() => rollbook.stop());

interface Item {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- a black box: tests say what they expect of it.
  readonly body?: any;
}

/** A batch by HTTPS, as clients of Graph send it. */
async function secureBatch(requests: unknown[]): Promise<Item[]> {
  const ca = await readFile(join(rollbook.dataDir, 'tls', 'cert.pem'), 'utf8');
  const body = JSON.stringify({ requests });
  const headers = {
    authorization: `Bearer ${await rollbook.token()}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(
      `${rollbook.secureUrl}/beta/$batch`,
      { ca, agent: false, method: 'POST', headers },
      (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        response.on('end', () => resolve(answer));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
  return (JSON.parse(text) as { responses: Item[] }).responses;
}

test('start, its status and the next page of its errors, in one batch by HTTPS', async () => {
  const client = syncClient(rollbook);
  const profile = await client.createProfile({ displayName: 'Batch' });
  await client.upload(profile, csvFiles(smallRoster()));
  const url = `/education/synchronizationProfiles/${profile}`;
  const [started, status, uploadUrl, list] = await secureBatch([
    { id: '1', method: 'POST', url: `${url}/start` },
    { id: '2', method: 'GET', url: `${url}/profileStatus`, dependsOn: ['1'] },
    { id: '3', method: 'GET', url: `${url}/uploadUrl`, dependsOn: ['1'] },
    { id: '4', method: 'GET', url: '/education/users?$top=1', dependsOn: ['1'] },
  ]);
  assert.equal(started?.status, 200, JSON.stringify(started));
  assert.deepEqual(started?.body.value, []);
  assert.equal(status?.body.id, profile);
  for (const link of [status?.body['@odata.context'], uploadUrl?.body.value, list?.body['@odata.context']])
    assert.equal(new URL(String(link)).origin, rollbook.secureUrl);
  await client.settled(profile);
  const [page] = await secureBatch([{ id: '1', method: 'GET', url: '/education/users?$top=1' }]);
  const next = String(page?.body['@odata.nextLink']);
  assert.equal(new URL(next).origin, rollbook.secureUrl);
  const [second] = await secureBatch([
    { id: '1', method: 'GET', url: next.slice(rollbook.secureUrl.length) },
  ]);
  assert.equal(second?.status, 200);
  assert.notEqual(second?.body.value[0].id, page?.body.value[0].id);
});

test('once the answers are large enough, further requests are 429 and did not run', async () => {
  const server = await rosterServer({ settings: { batchAnswerBytes: 10_000 } });
  try {
    await seedStudents(server.db, server.tenantId, 20);
    const requests = ['1', '2', '3'].map((id) => ({
      id,
      method: 'GET',
      url: '/education/users',
      ...(id === '1' ? {} : { dependsOn: ['1'] }),
    }));
    const { body } = await server.call('/v1.0/$batch', { body: { requests } });
    const items: Item[] = body.responses;
    assert.deepEqual(
      items.map(({ status }) => status),
      [200, 429, 429],
    );
    assert.equal(items[1]?.headers['Retry-After'], '1');
    assert.equal(items[1]?.body.error.code, 'TooManyRequests');
    assert.match(items[1]?.body.error.message, /was not run/);
  } finally {
    await server.close();
  }
});

test('a client that goes away: what has not begun does not begin', async () => {
  const server = await rosterServer({ settings: { startWaitSeconds: 60 } });
  try {
    const profile = await server.provisioned();
    await server.upload(profile, 'school.csv');
    const caller = { tenantId: server.tenantId, applicationId: realSystem.newId(), scopes: [] };
    const roles = ['EduAdministration.ReadWrite.All'];
    const token = Buffer.from(JSON.stringify({ ...caller, roles })).toString('base64url');
    const body = JSON.stringify({
      requests: [
        { id: '1', method: 'POST', url: `/education/synchronizationProfiles/${profile}/start` },
        {
          id: '2',
          method: 'POST',
          url: '/education/synchronizationProfiles',
          headers: { 'content-type': 'application/json' },
          body: csvProfileBody('too late'),
          dependsOn: ['1'],
        },
      ],
    });
    const { port } = new URL(server.baseUrl);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /beta/$batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const lineOf = (route: string): boolean => server.log.some((line) => line.includes(route));
    const runs = (): Promise<{ id: string }[]> => server.rows('select id from run');
    while ((await runs()).length === 0) await realSystem.sleep(10);
    socket.destroy();
    // The end of a connection arrives before what is sent after it.
    for (let attempt = 0; attempt < 20; attempt += 1) await server.call('/healthz');
    const [run] = await runs();
    await server.setRun(String(run?.id), 'completed');
    while (!lineOf('synchronizationProfiles/:id/start"')) await realSystem.sleep(10);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const { body: list } = await server.call('/beta/education/synchronizationProfiles', {
        permissions: roles,
      });
      assert.deepEqual(
        list.value.map(({ id }: { id: string }) => id),
        [profile],
      );
    }
  } finally {
    await server.close();
  }
});

test('a service that stops: the batch under way is answered, what has not begun is 503', async () => {
  const server = await rosterServer({ settings: { startWaitSeconds: 60 } });
  const profile = await server.provisioned();
  await server.upload(profile, 'school.csv');
  const url = `/education/synchronizationProfiles/${profile}`;
  const answering = server.call('/beta/$batch', {
    permissions: ['EduAdministration.ReadWrite.All'],
    headers: { connection: 'close' },
    body: {
      requests: [
        { id: '1', method: 'POST', url: `${url}/start` },
        { id: '2', method: 'GET', url: `${url}/profileStatus`, dependsOn: ['1'] },
      ],
    },
  });
  const runs = (): Promise<{ id: string }[]> => server.rows('select id from run');
  while ((await runs()).length === 0) await realSystem.sleep(10);
  const closing = server.close();
  const [run] = await runs();
  await server.setRun(String(run?.id), 'completed');
  const { status, body } = await answering;
  await closing;
  assert.equal(status, 200);
  const [started, refused]: Item[] = body.responses;
  assert.equal(started?.status, 200);
  assert.equal(refused?.status, 503);
  assert.equal(refused?.body.error.code, 'serviceNotAvailable');
  assert.equal(refused?.headers['Retry-After'], '5');
});
