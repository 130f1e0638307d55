import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { backup } from '#storage/backup.ts';
import { restore } from '#storage/restore.ts';
import { deltaReplica } from '#test/helpers/delta-reader.ts';
import { type RosterServer, rosterServer } from '#test/helpers/roster-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: RosterServer;
let folder: string;
before(async () => {
  server = await rosterServer();
  folder = await mkdtemp(join(tmpdir(), 'rollbook-delta-'));
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const newSchool = (displayName: string) =>
  server.call('/v1.0/education/schools', { method: 'POST', body: { displayName } });

test('who followed changes beyond a backup that is restored begins again', async () => {
  const replica = deltaReplica((path) => server.call(path), '/v1.0/education/schools/delta');
  await newSchool('Before');
  await replica.round();
  const path = join(folder, 'a.backup');
  await backup(server.db, path, { secretBox: testSecretBox });
  await newSchool('Never was');
  await replica.round();
  assert.equal(replica.objects.size, 2);
  await restore(server.db, path, { secretBox: testSecretBox, force: true });
  const { status, body, headers } = await server.call(replica.link);
  assert.equal(
    status,
    410,
    `${status}: the reader keeps a school that is not there: ${JSON.stringify(body)}`,
  );
  assert.equal(body.error.code, 'syncStateNotFound');
  assert.match(headers.get('location') ?? '', /deltatoken=$/);
});

test('a school that becomes another org is told as removed', async () => {
  const replica = deltaReplica((path) => server.call(path), '/v1.0/education/schools/delta');
  const { body: school } = await newSchool('Contoso District');
  await replica.round();
  assert.ok(replica.objects.has(school.id));
  // What apply-orgs does when the source corrects the type.
  await inTenant(server.db, server.tenantId, async (tx) => {
    await tx.query('update tenant_counter set change_seq = change_seq + 1');
    await tx.query(
      `update org set type = 'district', version = version + 1, change_seq = (select change_seq from tenant_counter) where id = $1`,
      [school.id],
    );
  });
  const { status } = await server.call(`/v1.0/education/schools/${school.id}`);
  assert.equal(status, 404);
  await replica.round();
  assert.equal(replica.objects.has(school.id), false, 'the reader still has a school that is none');
});
