import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type RosterServer, rosterServer } from '#test/helpers/roster-server.ts';

let server: RosterServer;
before(async () => {
  server = await rosterServer();
});
after(() => server.close());

test('who comes back to a school in another role has that role there', async () => {
  const { body: school } = await server.call('/v1.0/education/schools', { body: { displayName: 'Contoso' } });
  const { body: user } = await server.call('/v1.0/education/users', {
    body: {
      accountEnabled: true,
      displayName: 'Ann',
      mailNickname: 'ann',
      userPrincipalName: 'ann@contoso.edu',
      passwordProfile: { password: 'Str0ng!Pass' },
      primaryRole: 'student',
    },
  });
  const users = `/v1.0/education/schools/${school.id}/users`;
  const add = () =>
    server.call(`${users}/$ref`, {
      body: { '@odata.id': `${server.baseUrl}/v1.0/education/users/${user.id}` },
    });
  assert.equal((await add()).status, 204);
  assert.equal((await server.call(`${users}/${user.id}/$ref`, { method: 'DELETE' })).status, 204);
  const patched = await server.call(`/v1.0/education/users/${user.id}`, {
    method: 'PATCH',
    body: { primaryRole: 'teacher' },
  });
  assert.equal(patched.status, 200);
  assert.equal((await add()).status, 204);
  const { body } = await server.call(`/api/v1/users/${user.id}/roles`);
  assert.deepEqual(
    body.value.map(({ role }: { role: string }) => role),
    ['teacher'],
  );
});
