import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { asOwner } from '#storage/database.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const user = (id: string): string => `${server.baseUrl}/v1.0/education/users/${id}`;
const add = (path: string, reference: unknown) =>
  server.call(`/v1.0/education/${path}/$ref`, { body: { '@odata.id': reference } });
const remove = (path: string) => server.call(`/v1.0/education/${path}`, { method: 'DELETE' });
async function idsOf(path: string): Promise<Set<string>> {
  const { body } = await server.call(`/v1.0/education/${path}?$select=id`);
  return new Set(body.value.map(({ id }: { id: string }) => id));
}
async function newClass(mailNickname: string): Promise<string> {
  const body = { displayName: mailNickname, mailNickname };
  return (await server.call('/v1.0/education/classes', { body })).body.id;
}
async function newUser(name: string, more: Record<string, unknown> = {}): Promise<string> {
  const body = {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@contoso.edu`,
    passwordProfile: { password: 'Corr3ct horse' },
    ...more,
  };
  return (await server.call('/beta/education/users', { body })).body.id;
}

describe('members and teachers of a class', () => {
  test('a member is added once and removed once', async () => {
    const { users } = seeded;
    const path = `classes/${seeded.classes.biology}/members`;
    const added = await add(path, user(users.anna));
    assert.deepEqual([added.status, added.text], [204, '']);
    assert.deepEqual(await idsOf(path), new Set([users.anna, users.clara]));
    assert.ok((await idsOf(`users/${users.anna}/classes`)).has(seeded.classes.biology));
    const again = await add(path, user(users.anna));
    assert.equal(again.status, 400);
    assert.equal(again.body.error.code, 'Request_BadRequest');
    assert.equal(
      again.body.error.message,
      "One or more added object references already exist for the following modified properties: 'members'.",
    );
    assert.equal((await remove(`${path}/${users.anna}/$ref`)).status, 204);
    assert.deepEqual(await idsOf(path), new Set([users.clara]));
    const gone = await remove(`${path}/${users.anna}/$ref`);
    assert.equal(gone.status, 404);
    assert.equal(gone.body.error.code, 'Request_ResourceNotFound');
    const history = await server.rows(
      `select kind, action, before, after from hand_edit where object_id = $1 and other_id = $2 order by id`,
      users.anna,
      seeded.classes.biology,
    );
    assert.deepEqual(history, [
      { kind: 'enrollment', action: 'create', before: null, after: { role: 'student' } },
      { kind: 'enrollment', action: 'end', before: { role: 'student' }, after: null },
    ]);
  });

  test('a teacher is a member, too; a member who is removed is no teacher any more', async () => {
    const classId = await newClass('chess');
    const { anna, dora } = seeded.users;
    const [members, teachers] = [`classes/${classId}/members`, `classes/${classId}/teachers`];
    assert.equal((await add(teachers, user(dora))).status, 204);
    assert.deepEqual([await idsOf(members), await idsOf(teachers)], [new Set([dora]), new Set([dora])]);
    assert.deepEqual(await idsOf(`users/${dora}/taughtClasses`), new Set([classId]));
    assert.match((await add(teachers, user(dora))).body.error.message, /properties: 'teachers'/);
    assert.equal((await add(members, user(dora))).status, 400, 'a member already');

    assert.equal((await add(members, user(anna))).status, 204);
    assert.equal((await add(teachers, user(anna))).status, 204, 'a member may become a teacher');
    assert.equal((await remove(`${teachers}/${anna}/$ref`)).status, 204);
    assert.deepEqual(await idsOf(members), new Set([anna, dora]), 'and stays a member');
    assert.equal((await remove(`${teachers}/${anna}/$ref`)).status, 404);
    assert.equal((await add(teachers, user(anna))).status, 204);
    assert.equal((await remove(`${members}/${anna}/$ref`)).status, 204);
    assert.deepEqual([await idsOf(members), await idsOf(teachers)], [new Set([dora]), new Set([dora])]);
  });

  test('the ways to write a reference', async () => {
    const classId = await newClass('forms');
    const { anna } = seeded.users;
    const path = `classes/${classId}/members`;
    const good = [
      `https://graph.microsoft.com/v1.0/education/users/${anna}`,
      `https://graph.microsoft.com/beta/users/${anna.toUpperCase()}`,
      `https://graph.microsoft.us/v1.0/directoryObjects/${anna}`,
      `${server.baseUrl}/beta/education/users('${anna}')`,
      `${server.baseUrl.replace('http:', 'https:')}/v1.0/users/${anna}`,
      `/v1.0/education/users/${anna}`,
      `education/users/${anna}`,
      `users('${anna}')`,
      `directoryObjects/${anna}`,
    ];
    for (const reference of good) {
      const added = await add(path, reference);
      assert.equal(added.status, 204, `${reference} ${added.text}`);
      assert.equal((await remove(`${path}/${anna}/$ref`)).status, 204);
    }
    const bad = [
      `https://graph.example.com/v1.0/education/users/${anna}`,
      `https://graph.microsoft.com.example.com/v1.0/users/${anna}`,
      `https://graph.microsoft.com@example.com/v1.0/users/${anna}`,
      `//graph.microsoft.com/v1.0/users/${anna}`,
      `ftp://graph.microsoft.com/v1.0/users/${anna}`,
      `https://graph.microsoft.com/v2.0/users/${anna}`,
      `https://graph.microsoft.com/v1.0/groups/${anna}`,
      `https://graph.microsoft.com/v1.0/education/classes/${anna}`,
      `https://graph.microsoft.com/v1.0/users/anna@contoso.edu`,
      `https://graph.microsoft.com/v1.0/users/${anna}?$select=id`,
      `http://[`,
      anna,
      '',
      7,
      null,
    ];
    for (const reference of bad) {
      const { status, body } = await add(path, reference);
      assert.equal(status, 400, String(reference));
      assert.match(body.error.message, /@odata\.id/);
    }
    const other = await server.call(`/v1.0/education/${path}/$ref`, {
      body: { '@odata.id': user(anna), role: 'student' },
    });
    assert.equal(other.status, 400);
    assert.match(other.body.error.message, /role/);
    assert.deepEqual(await idsOf(path), new Set());
  });

  test('removing as SDKs write it: ?@id=', async () => {
    const classId = await newClass('sdk');
    const { anna, clara } = seeded.users;
    for (const [property, name] of [
      ['members', '%40id'],
      ['teachers', '@id'],
      ['members', '%24id'],
    ] as const) {
      const path = `classes/${classId}/${property}`;
      assert.equal((await add(path, user(anna))).status, 204);
      const removed = await remove(`${path}/$ref?${name}=${encodeURIComponent(user(anna))}`);
      assert.equal(removed.status, 204, removed.text);
      assert.deepEqual(await idsOf(path), new Set());
    }
    const path = `classes/${classId}/members/$ref`;
    for (const query of ['', `?@id=${clara}`, '?id=x', `?@id=${user(clara)}&@id=${user(anna)}`]) {
      assert.equal((await remove(path + query)).status, 400, query);
    }
    assert.equal((await remove(`classes/${classId}/members/${anna}/$ref?$select=id`)).status, 400);
  });

  test('what is not there is a 404', async () => {
    const { algebra, ended } = seeded.classes;
    const { anna } = seeded.users;
    const nobody = '00000000-0000-7000-8000-000000000000';
    assert.equal((await add(`classes/${algebra}/members`, user(nobody))).status, 404);
    assert.equal((await add(`classes/${algebra}/members`, user(seeded.users.ended))).status, 404);
    assert.equal((await add(`classes/${ended}/members`, user(anna))).status, 404);
    assert.equal((await add(`classes/x/members`, user(anna))).status, 404);
    assert.equal((await remove(`classes/${algebra}/members/x/$ref`)).status, 404);
    const foreign = await server.call(`/v1.0/education/classes/${algebra}/members/$ref`, {
      body: { '@odata.id': user(anna) },
      tenantId: server.otherTenantId,
    });
    assert.equal(foreign.status, 404);
  });

  test('ten at once: the source system of what is made by hand is there once, and each is added once', async () => {
    const classId = await newClass('race');
    const { anna, ben } = seeded.users;
    // As if nothing had been made by hand so far.
    await asOwner(server.db, async (tx) => {
      for (const table of ['enrollment', 'role'])
        await tx.query(`delete from ${table} where source_system_id = tenant_id`);
      await tx.query('delete from source_system where id = tenant_id');
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => add(`classes/${classId}/members`, user(n % 2 === 0 ? anna : ben))),
    );
    assert.deepEqual(
      answers.map(({ status }) => status).sort((a, b) => a - b),
      [204, 204, 400, 400, 400, 400, 400, 400, 400, 400],
    );
    assert.deepEqual(await server.rows('select name from source_system where id = tenant_id'), [
      { name: 'manual' },
    ]);
  });

  test('behind their permission', async () => {
    const path = `/v1.0/education/classes/${seeded.classes.algebra}/members`;
    const permissions = ['EduRoster.Read.All'];
    const body = { '@odata.id': user(seeded.users.dora) };
    assert.equal((await server.call(`${path}/$ref`, { body, permissions })).status, 403);
    const removal = { method: 'DELETE', permissions };
    assert.equal((await server.call(`${path}/${seeded.users.anna}/$ref`, removal)).status, 403);
  });
});

describe('users and classes of a school', () => {
  test('a user is added in their primary role, and removed', async () => {
    const { fabrikam } = seeded.schools;
    const teacher = await newUser('tom', { primaryRole: 'faculty' });
    const path = `schools/${fabrikam}/users`;
    assert.equal((await add(path, user(teacher))).status, 204);
    assert.ok((await idsOf(path)).has(teacher));
    assert.deepEqual(await idsOf(`users/${teacher}/schools`), new Set([fabrikam]));
    assert.deepEqual(await server.rows('select role from role where person_id = $1', teacher), [
      { role: 'faculty' },
    ]);
    assert.match((await add(path, user(teacher))).body.error.message, /properties: 'users'/);
    const removed = await remove(`${path}/$ref?@id=${user(teacher)}`);
    assert.equal(removed.status, 204, removed.text);
    assert.equal((await remove(`${path}/${teacher}/$ref`)).status, 404);
    assert.equal((await add(path, user(teacher))).status, 204);
    assert.ok((await idsOf(path)).has(teacher));
  });

  test('a class is in one school', async () => {
    const { contoso, fabrikam } = seeded.schools;
    const classId = await newClass('travels');
    const group = `https://graph.microsoft.com/v1.0/groups/${classId}`;
    assert.equal((await add(`schools/${fabrikam}/classes`, group)).status, 204);
    assert.deepEqual(await idsOf(`classes/${classId}/schools`), new Set([fabrikam]));
    assert.match(
      (await add(`schools/${fabrikam}/classes`, group)).body.error.message,
      /properties: 'classes'/,
    );
    const second = await add(`schools/${contoso}/classes`, group);
    assert.equal(second.status, 400);
    assert.match(second.body.error.message, new RegExp(`in the school ${fabrikam}`));
    assert.equal((await remove(`schools/${contoso}/classes/${classId}/$ref`)).status, 404);
    assert.equal((await remove(`schools/${fabrikam}/classes/${classId}/$ref`)).status, 204);
    assert.deepEqual(await idsOf(`classes/${classId}/schools`), new Set());
    assert.equal((await add(`schools/${contoso}/classes`, group)).status, 204);
    assert.ok((await idsOf(`schools/${contoso}/classes`)).has(classId));
    assert.equal((await add(`schools/${contoso}/classes`, user(seeded.users.anna))).status, 400);
  });
});
