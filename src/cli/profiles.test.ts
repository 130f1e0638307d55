import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';

import { apiClient, type ApiClient } from './client/api-client.ts';
import { UsageError } from './exit-codes.ts';
import { findProfile, requireProfile, waitProvisioned } from './profiles.ts';

const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
const scope = { system: realSystem, interrupt: new AbortController().signal };

const ONE = { id: 'p1', displayName: 'High School', state: 'provisioned' };
const OTHER = { id: 'p2', displayName: 'Primary', state: 'provisioned' };
const LEAVING = { id: 'p3', displayName: 'Gone', state: 'deleting' };
const NAMESAKE = { id: 'p4', displayName: ' high school', state: 'provisioned' };

async function withProfiles(
  profiles: readonly object[],
  work: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const server = await scriptedHttpServer(({ url }) => ({
    status: 200,
    body: url.endsWith('/token')
      ? { access_token: 'abc' }
      : url.endsWith('/profileStatus')
        ? { status: 'error', statusMessage: 'The provider is unknown.' }
        : url.endsWith('/synchronizationProfiles')
          ? { value: profiles }
          : profiles[0],
  }));
  try {
    await work(apiClient(server.address, credentials, scope));
  } finally {
    await server.close();
  }
}

test('a profile is found by its id or its name, in any case; one that is being deleted is not', async () => {
  await withProfiles([ONE, OTHER, LEAVING], async (client) => {
    assert.equal((await findProfile(client, 'P1'))?.id, 'p1');
    assert.equal((await findProfile(client, ' high SCHOOL '))?.id, 'p1');
    assert.equal(await findProfile(client, 'Gone'), null);
    assert.equal(await findProfile(client, 'p3'), null);
  });
});

test('of two profiles with one name neither is taken', async () => {
  await withProfiles([ONE, OTHER, NAMESAKE], async (client) => {
    await assert.rejects(
      findProfile(client, 'High School'),
      (error) => error instanceof UsageError && /Use the id: p1, p4\./u.test(error.message),
    );
    assert.equal((await findProfile(client, 'p4'))?.id, 'p4');
  });
});

test('without a name the only profile is meant, and of several none', async () => {
  await withProfiles([ONE], async (client) => {
    assert.equal((await requireProfile(client, undefined)).id, 'p1');
  });
  await withProfiles([ONE, OTHER], async (client) => {
    await assert.rejects(
      requireProfile(client, undefined),
      (error) => error instanceof UsageError && /High School, Primary/u.test(error.message),
    );
  });
  await withProfiles([], async (client) => {
    await assert.rejects(requireProfile(client, undefined), { code: 'ProfileNotFound' });
  });
});

test('a profile that cannot be provisioned is not waited for', async () => {
  await withProfiles([{ ...ONE, state: 'provisioningFailed' }], async (client) => {
    await assert.rejects(waitProvisioned(client, 'p1'), {
      code: 'ProfileNotProvisioned',
      message: /state provisioningFailed\. The provider is unknown\./u,
    });
  });
});
