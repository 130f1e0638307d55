/** The unmodified @microsoft/microsoft-graph-client with its typings, pointed at Rollbook by options alone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { ContainerClient } from '@azure/storage-blob';
import {
  BatchRequestContent,
  BatchResponseContent,
  Client,
  GraphError,
  PageIterator,
  type PageCollection,
} from '@microsoft/microsoft-graph-client';
import type {
  EducationClass,
  EducationFileSynchronizationVerificationMessage,
  EducationSchool,
  EducationSynchronizationError,
  EducationSynchronizationProfile,
  EducationSynchronizationProfileStatus,
  EducationUser,
} from '@microsoft/microsoft-graph-types-beta';

import { must } from '#lib/assert.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { trustCertificateOf } from '#test/helpers/trust-certificate.ts';

const PROFILES = '/education/synchronizationProfiles';

let rollbook: TestRollbook;
let client: Client;
before(async () => {
  rollbook = await startTestRollbook({ https: true, retryDelaySeconds: 0.1 });
  await trustCertificateOf(rollbook.dataDir);
  client = clientFor('beta');
});
after(() => rollbook.stop());

function clientFor(defaultVersion: string, token = () => rollbook.token()): Client {
  return Client.initWithMiddleware({
    baseUrl: `https://localhost:${new URL(rollbook.secureUrl).port}`,
    defaultVersion,
    customHosts: new Set(['localhost']),
    authProvider: { getAccessToken: token },
  });
}

const roster = smallRoster();
// Two places of pupils who are not there: two errors, which is little enough to go on.
for (const stranger of ['X1', 'X2'])
  roster.studentenrollment.push({ 'Section SIS ID': 'S1C1', 'SIS ID': stranger });

const profile: EducationSynchronizationProfile = {
  displayName: 'Contoso',
  dataProvider: {
    '@odata.type': '#microsoft.graph.educationCsvDataProvider',
    customizations: { student: { optionalPropertiesToSync: ['State ID', 'Middle Name', 'Grade'] } },
  },
  identitySynchronizationConfiguration: {
    '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
    userDomains: [
      { appliesTo: 'student', name: 'students.contoso.example' },
      { appliesTo: 'teacher', name: 'contoso.example' },
    ],
  },
};

async function provisioned(id: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { state }: EducationSynchronizationProfile = await client.api(`${PROFILES}/${id}`).get();
    if (state === 'provisioned') return;
    await wait(25);
  }
  throw new Error('the profile was not provisioned in time');
}

async function settled(id: string): Promise<EducationSynchronizationProfileStatus> {
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const status: EducationSynchronizationProfileStatus = await client
      .api(`${PROFILES}/${id}/profileStatus`)
      .get();
    if (status.status !== 'inProgress') return status;
    await wait(25);
  }
  throw new Error('still in progress');
}

/** Every item of a collection, as PageIterator hands it over. */
async function iterate<T>(path: string, over: Client = client): Promise<T[]> {
  const first = (await over.api(path).get()) as PageCollection;
  const items: T[] = [];
  const iterator = new PageIterator(over, first, (item: T) => {
    items.push(item);
    return true;
  });
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  return items;
}

describe('the twelve operations on profiles', () => {
  let id = '';
  test('create, get, list', async () => {
    const created: EducationSynchronizationProfile = await client.api(PROFILES).post(profile);
    assert.equal(created.state, 'provisioning');
    id = must(created.id);
    await provisioned(id);
    const list = (await client
      .api(PROFILES)
      .filter("displayName eq 'Contoso'")
      .count(true)
      .get()) as PageCollection;
    assert.deepEqual([list['@odata.count'], list.value.map((one: { id: string }) => one.id)], [1, [id]]);
  });

  test('update by PUT and by PATCH', async () => {
    const put = (await client
      .api(`${PROFILES}/${id}`)
      .put({ ...profile, displayName: 'Contoso PUT' })) as typeof profile;
    assert.equal(put.displayName, 'Contoso PUT');
    await provisioned(id);
    const patched = (await client
      .api(`${PROFILES}/${id}`)
      .patch({ displayName: 'Contoso' })) as typeof profile;
    assert.equal(patched.displayName, 'Contoso');
    await provisioned(id);
    const collection = (await client.api(PROFILES).put({ ...profile, id })) as typeof profile;
    assert.equal(collection.id, id);
    await provisioned(id);
  });

  test('uploadUrl, start, profileStatus, errors', async () => {
    for (const form of ['uploadUrl', 'uploadUrl()', 'microsoft.graph.uploadUrl()', 'uploadurl']) {
      const { value } = (await client.api(`${PROFILES}/${id}/${form}`).get()) as { value: string };
      assert.equal(new URL(value).pathname, `/${id}`);
      assert.equal(new URL(value).origin, `https://localhost:${new URL(rollbook.secureUrl).port}`, form);
    }
    const { value } = (await client.api(`${PROFILES}/${id}/uploadUrl`).get()) as { value: string };
    const container = new ContainerClient(value);
    for (const [name, content] of Object.entries(csvFiles(roster)))
      await container.getBlockBlobClient(name).uploadData(Buffer.from(content));
    const started = (await client.api(`${PROFILES}/${id}/microsoft.graph.start`).post({})) as {
      value: EducationFileSynchronizationVerificationMessage[];
    };
    assert.ok(started.value.length > 0);
    assert.equal(started.value[0]?.fileName, 'studentenrollment.csv');
    const status = await settled(id);
    assert.deepEqual([status.status, status.errorCount], ['error', 2]);
    const errors = await iterate<EducationSynchronizationError>(`${PROFILES}/${id}/errors?$top=1`);
    assert.deepEqual(
      errors.map(({ errorCode }) => errorCode),
      ['InvalidLookupReference', 'InvalidLookupReference'],
    );
  });

  test('start that the files do not allow is an error with the messages in its body', async () => {
    const { value } = (await client.api(`${PROFILES}/${id}/uploadUrl`).get()) as { value: string };
    await new ContainerClient(value)
      .getBlockBlobClient('School.csv')
      .uploadData(Buffer.from('nothing,known\n1,2\n'));
    await assert.rejects(client.api(`${PROFILES}/${id}/start`).post({}), (error) => {
      assert.ok(error instanceof GraphError);
      assert.equal(error.statusCode, 400);
      const body = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as {
        value: EducationFileSynchronizationVerificationMessage[];
      };
      assert.equal(body.value[0]?.type, 'Error');
      return true;
    });
  });

  test('pause, resume, reset, delete, with bodies and without', async () => {
    for (const [action, body] of [
      ['pause', {}],
      ['resume', undefined],
      ['reset', {}],
    ] as const) {
      await client.api(`${PROFILES}/${id}/${action}`).post(body);
    }
    const other = (await client.api(PROFILES).post({ ...profile, displayName: 'Gone' })) as { id: string };
    await client.api(`${PROFILES}/${other.id}`).delete();
    await assert.rejects(
      async () => {
        for (let attempt = 0; attempt < 200; attempt++) {
          await client.api(`${PROFILES}/${other.id}`).get();
          await wait(25);
        }
      },
      (error) =>
        error instanceof GraphError && error.statusCode === 404 && error.code === 'Request_ResourceNotFound',
    );
  });
});

describe('the directory', () => {
  test('PageIterator goes over users, classes and schools', async () => {
    const v1 = clientFor('v1.0');
    const users = await iterate<EducationUser>('/education/users?$top=5&$select=id,displayName', v1);
    assert.equal(users.length, roster.student.length + roster.teacher.length);
    assert.equal(new Set(users.map(({ id }) => id)).size, users.length);
    const classes = await iterate<EducationClass>(
      '/education/classes?$top=2&$expand=members($select=id)',
      v1,
    );
    assert.equal(classes.length, roster.section.length);
    assert.ok(classes.every(({ members }) => (members?.length ?? 0) > 0));
    const schools = await iterate<EducationSchool>('/education/schools?$top=1&$orderby=displayName desc', v1);
    assert.deepEqual(
      schools.map(({ displayName }) => displayName),
      ['School 2', 'School 1'],
    );
  });

  test('query options as the client writes them', async () => {
    const found = (await client
      .api('/education/users')
      .filter("startswith(displayName,'Stu1 ') and student/grade eq '2'")
      .select(['displayName', 'student'])
      .orderby('displayName')
      .count(true)
      .search('"displayName:Stu1"')
      .expand('classes($select=displayName)')
      .top(1)
      .get()) as PageCollection;
    assert.equal(found['@odata.count'], 2);
    assert.equal(found.value[0]?.displayName, 'Stu1 Dent1');
    assert.equal(found.value[0]?.classes.length, 2);
  });

  test('delta by PageIterator: everything, and the link to go on with', async () => {
    const first = (await client.api('/education/classes/delta').top(2).get()) as PageCollection;
    const seen: EducationClass[] = [];
    const iterator = new PageIterator(client, first, (item: EducationClass) => {
      seen.push(item);
      return true;
    });
    await iterator.iterate();
    assert.equal(seen.length, roster.section.length);
    const link = must(iterator.getDeltaLink());
    const next = (await client.api(link).get()) as PageCollection;
    assert.deepEqual(next.value, []);
    assert.ok(next['@odata.deltaLink']);
  });

  test('batch requests, made and read by the client', async () => {
    const base = `https://localhost:${new URL(rollbook.secureUrl).port}`;
    const request = (path: string, init?: RequestInit) => new Request(`${base}/beta${path}`, init);
    const content = new BatchRequestContent([
      { id: 'schools', request: request('/education/schools?$top=1') },
      { id: 'count', request: request('/education/users/$count') },
      {
        id: 'pause',
        request: request(`${PROFILES}/${rollbook.tenantId}/pause`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{}',
        }),
      },
    ]);
    const answer = new BatchResponseContent(await client.api('/$batch').post(await content.getContent()));
    const status = (id: string): number => answer.getResponseById(id).status;
    assert.deepEqual(['schools', 'count', 'pause'].map(status), [200, 200, 404]);
    const serial = new BatchRequestContent([
      { id: 'nobody', request: request(`/education/users/${rollbook.tenantId}`) },
      { id: 'behind', request: request('/education/classes'), dependsOn: ['nobody'] },
    ]);
    const failed = new BatchResponseContent(await client.api('/$batch').post(await serial.getContent()));
    assert.deepEqual(
      ['nobody', 'behind'].map((id) => failed.getResponseById(id).status),
      [404, 424],
    );
    const schools = (await answer.getResponseById('schools').json()) as PageCollection;
    assert.equal(schools.value.length, 1);
    assert.ok(String(schools['@odata.nextLink']).startsWith(`${base}/beta/education/schools?`));
    const next = (await client.api(must(schools['@odata.nextLink'])).get()) as PageCollection;
    assert.equal(next.value.length, 1);
  });

  test('errors are GraphErrors with code, message and request id', async () => {
    await assert.rejects(client.api('/education/users').filter("nickname eq 'x'").get(), (error) => {
      assert.ok(error instanceof GraphError);
      assert.deepEqual([error.statusCode, error.code], [400, 'BadRequest']);
      assert.match(error.message, /no property named "nickname"/);
      assert.match(must(error.requestId), /^[0-9a-f-]{36}$/);
      assert.ok(error.date instanceof Date);
      return true;
    });
    const stranger = clientFor('beta', () => Promise.resolve('nonsense'));
    await assert.rejects(
      stranger.api(PROFILES).get(),
      (error) =>
        error instanceof GraphError &&
        error.statusCode === 401 &&
        error.code === 'InvalidAuthenticationToken',
    );
  });
});
