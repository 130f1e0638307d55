import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { sealDeltaToken } from '#http/odata/delta-token.ts';
import { inTenant } from '#storage/database.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';
import { deltaReplica, type Replica } from '#test/helpers/delta-reader.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const follow = (path: string): Replica => deltaReplica((link) => server.call(link), path);

/** Statements with the next change_seq as $1, in a transaction of their own. */
async function change(...statements: string[]): Promise<void> {
  await inTenant(server.db, server.tenantId, async (tx) => {
    const seq = await nextChangeSeq(tx);
    for (const statement of statements) await tx.query(statement, [seq]);
  });
}

const removed = (id: string, reason = 'deleted') => ({ id, '@removed': { reason } });

describe('a round', () => {
  test('first tells everything, on pages, as the collection has it', async () => {
    for (const set of ['schools', 'classes', 'users']) {
      const replica = follow(`/v1.0/education/${set}/delta?$top=1`);
      const entries = await replica.round();
      const list = await server.call(`/v1.0/education/${set}`);
      const ids = list.body.value.map(({ id }: { id: string }) => id);
      assert.deepEqual(
        entries.map(({ id }) => id),
        ids,
        'each once',
      );
      assert.deepEqual(
        ids.map((id: string) => replica.objects.get(id)),
        list.body.value,
      );
      assert.deepEqual(await replica.round(), [], 'then there is nothing');
      assert.ok(replica.link.startsWith(`${server.baseUrl}/v1.0/education/${set}/delta?$deltatoken=`));
    }
  });

  test('has pages as long as the client prefers, to its end', async () => {
    const first = await server.call('/v1.0/education/users/delta', {
      headers: { prefer: 'odata.maxpagesize=3' },
    });
    assert.equal(first.headers.get('preference-applied'), 'odata.maxpagesize=3');
    assert.equal(first.body.value.length, 3);
    const rest = await server.call(first.body['@odata.nextLink']);
    assert.deepEqual([rest.body.value.length, '@odata.deltaLink' in rest.body], [1, true]);
    const list = await server.call('/v1.0/education/users', { headers: { prefer: 'odata.maxpagesize=2' } });
    assert.equal(list.body.value.length, 2);
    const top = await server.call('/v1.0/education/users?$top=1', {
      headers: { prefer: 'odata.maxpagesize=2' },
    });
    assert.deepEqual([top.body.value.length, top.headers.get('preference-applied')], [1, null]);
    const most = await server.call('/v1.0/education/users', {
      headers: { prefer: 'odata.maxpagesize=5000' },
    });
    assert.equal(most.headers.get('preference-applied'), 'odata.maxpagesize=1000');
  });

  test('has the context of a collection, in every spelling of its address', async () => {
    for (const path of ['/v1.0/education/classes/delta', '/v1.0/Education/Classes/microsoft.graph.delta()']) {
      const { body } = await server.call(path);
      assert.equal(body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#Collection(educationClass)`);
    }
  });

  test('tells the people of classes', async () => {
    const { classes, users } = seeded;
    const replica = follow('/v1.0/education/classes/delta');
    await replica.round();
    assert.deepEqual(
      replica.members.get(classes.algebra),
      new Set([users.anna, users.ben, users.clara].toSorted()),
    );
    assert.deepEqual(replica.teachers.get(classes.algebra), new Set([users.clara]));
    assert.deepEqual(replica.members.get(classes.biology), new Set([users.clara]));
  });
});

describe('changes', () => {
  test('of a class, of its places, of its people', async () => {
    const { classes, users } = seeded;
    const replica = follow('/v1.0/education/classes/delta');
    await replica.round();
    const place = (person: string): string =>
      `update enrollment set active = $1::int8 <> 0 and ACTIVE, change_seq = $1
        where class_id = '${classes.algebra}' and person_id = '${person}'`;

    await change(
      `update class set display_name = 'Algebra 2', change_seq = $1 where id = '${classes.algebra}'`,
    );
    const [renamed, ...others] = await replica.round();
    assert.deepEqual([renamed?.id, renamed?.['displayName'], others], [classes.algebra, 'Algebra 2', []]);
    assert.equal('members@delta' in (renamed ?? {}), false);

    await change(place(users.anna).replace('ACTIVE', 'false'));
    assert.deepEqual(await replica.round(), [
      { id: classes.algebra, 'members@delta': [removed(users.anna)] },
    ]);
    await change(place(users.anna).replace('ACTIVE', 'true'));
    assert.deepEqual(await replica.round(), [{ id: classes.algebra, 'members@delta': [{ id: users.anna }] }]);

    await change(place(users.clara).replace('ACTIVE', 'false'));
    assert.deepEqual(await replica.round(), [
      {
        id: classes.algebra,
        'members@delta': [removed(users.clara)],
        'teachers@delta': [removed(users.clara)],
      },
    ]);
    await change(place(users.clara).replace('ACTIVE', 'true'));
    await replica.round();

    // Whoever becomes inactive is not seen in a class any more, though nobody ended the place.
    await change(`update person set active = false, change_seq = $1 where id = '${users.ben}'`);
    assert.deepEqual(await replica.round(), [{ id: classes.algebra, 'members@delta': [removed(users.ben)] }]);
    await change(`update person set active = true, change_seq = $1 where id = '${users.ben}'`);
    assert.deepEqual(await replica.round(), [{ id: classes.algebra, 'members@delta': [{ id: users.ben }] }]);

    await change(`update class set active = false, change_seq = $1 where id = '${classes.algebra}'`);
    assert.deepEqual(await replica.round(), [removed(classes.algebra, 'changed')]);
    await change(`update class set active = true, change_seq = $1 where id = '${classes.algebra}'`);
    const [back] = await replica.round();
    assert.equal(back?.['displayName'], 'Algebra 2');
    assert.deepEqual(
      replica.members.get(classes.algebra),
      new Set([users.anna, users.ben, users.clara]),
      'with everybody who is in it',
    );
  });

  test('of one object in several transactions are told once', async () => {
    const { classes, users } = seeded;
    const replica = follow('/v1.0/education/classes/delta?$top=1');
    await replica.round();
    await change(`update class set description = 'a', change_seq = $1 where id = '${classes.biology}'`);
    await change(`update class set description = 'b', change_seq = $1 where id = '${classes.algebra}'`);
    await change(
      `update enrollment set change_seq = $1 where class_id = '${classes.biology}' and person_id = '${users.clara}'`,
    );
    const entries = await replica.round();
    assert.deepEqual(
      entries.map(({ id, description, ...rest }) => [id, description, rest['members@delta']?.length]),
      [
        [classes.biology, 'a', 1],
        [classes.algebra, 'b', undefined],
      ],
    );
  });

  test('of a place, and of its class after that: the class is told with them', async () => {
    const { classes, users } = seeded;
    const replica = follow('/v1.0/education/classes/delta?$top=1');
    await replica.round();
    await change(
      `update enrollment set change_seq = $1 where class_id = '${classes.algebra}' and person_id = '${users.anna}'`,
    );
    await change(`update class set description = 'c', change_seq = $1 where id = '${classes.algebra}'`);
    const entries = await replica.round();
    assert.deepEqual(
      entries.map(({ id, description, ...rest }) => [id, description, rest['members@delta']?.length]),
      [[classes.algebra, 'c', 1]],
    );
  });

  test('of many places, one transaction after the other and all in one, are told each once', async () => {
    const { classes, users } = seeded;
    const replica = follow('/v1.0/education/classes/delta?$top=1');
    await replica.round();
    const touch = (id: string, person: string): string =>
      `update enrollment set change_seq = $1 where class_id = '${id}' and person_id = '${person}'`;
    // Overtaken by the last one: none of these is the change that the row has now.
    for (let time = 0; time < 12; time += 1) await change(touch(classes.algebra, users.anna));
    await change(touch(classes.biology, users.clara), touch(classes.algebra, users.ben));
    await change(
      touch(classes.algebra, users.clara),
      touch(classes.algebra, users.clara),
      touch(classes.biology, users.clara),
    );
    const entries = await replica.round();
    assert.deepEqual(
      entries.map(({ id, ...rest }) => [id, rest['members@delta']?.map((member) => member.id)]),
      [
        [classes.algebra, [users.anna, users.ben, users.clara].toSorted()],
        [classes.biology, [users.clara]],
      ],
    );
    assert.deepEqual(await replica.round(), []);
  });

  test('of people and of schools', async () => {
    const { users, schools } = seeded;
    const people = follow('/v1.0/education/users/delta');
    const places = follow('/beta/education/schools/delta');
    await people.round();
    await places.round();
    await change(
      `update person set active = false, change_seq = $1 where id = '${users.dora}'`,
      `update org set active = false, change_seq = $1 where id = '${schools.fabrikam}'`,
      // A district is no school.
      `update org set change_seq = $1 where type = 'district'`,
    );
    assert.deepEqual(await people.round(), [removed(users.dora, 'changed')]);
    assert.deepEqual(await places.round(), [removed(schools.fabrikam, 'changed')]);
    await change(
      `update person set active = true, change_seq = $1 where id = '${users.dora}'`,
      `update org set active = true, change_seq = $1 where id = '${schools.fabrikam}'`,
    );
    const [back] = await people.round();
    assert.deepEqual([back?.id, back?.['accountEnabled']], [users.dora, true]);
    assert.equal((await places.round())[0]?.['displayName'], 'Fabrikam');
  });

  test('from now on, without what there is', async () => {
    const replica = follow('/v1.0/education/classes/delta?$deltaToken=latest');
    assert.deepEqual(await replica.round(), []);
    await change(`update class set grade = '7', change_seq = $1 where id = '${seeded.classes.biology}'`);
    assert.deepEqual(
      (await replica.round()).map(({ id, grade }) => [id, grade]),
      [[seeded.classes.biology, '7']],
    );
  });

  test('of what was selected at the beginning', async () => {
    const { classes } = seeded;
    const names = follow('/v1.0/education/classes/delta?$select=displayName');
    const [first] = await names.round();
    assert.deepEqual(Object.keys(first ?? {}), ['id', 'displayName']);
    const people = follow('/v1.0/education/classes/delta?$select=members,externalId');
    await people.round();
    await change(`update enrollment set change_seq = $1 where class_id = '${classes.algebra}'`);
    assert.deepEqual(await names.round(), [], 'memberships are not followed');
    assert.deepEqual(Object.keys((await people.round())[0] ?? {}), ['id', 'members@delta', 'teachers@delta']);
    await change(`update class set grade = '8', change_seq = $1 where id = '${classes.algebra}'`);
    assert.deepEqual(await people.round(), [{ id: classes.algebra, externalId: '11001' }]);
  });

  test('readers of names alone see names alone', async () => {
    const { body } = await server.call('/v1.0/education/users/delta', {
      permissions: ['EduRoster.ReadBasic.All'],
    });
    assert.equal('mail' in body.value[0], false);
    const more = await server.call('/v1.0/education/users/delta?$select=mail', {
      permissions: ['EduRoster.ReadBasic.All'],
    });
    assert.equal(more.status, 403);
    assert.equal(
      (await server.call('/v1.0/education/users/delta', { scopes: ['EduRoster.Read'] })).status,
      403,
    );
  });
});

describe('links', () => {
  const round = (over: Record<string, unknown> = {}) => ({
    tenantId: server.tenantId,
    path: '/v1.0/education/classes/delta',
    at: Date.now(),
    select: null,
    members: true,
    top: 100,
    from: 1,
    ...over,
  });
  const link = (over?: Record<string, unknown>): string =>
    `/v1.0/education/classes/delta?$deltatoken=${sealDeltaToken(testSecretBox, round(over))}`;

  test('are good for seven days', async () => {
    const day = 24 * 60 * 60 * 1_000;
    assert.equal((await server.call(link({ at: Date.now() - 6.9 * day }))).status, 200);
    for (const over of [{ at: Date.now() - 7.1 * day }, { from: 1e9 }]) {
      const { status, body, headers } = await server.call(link(over));
      assert.deepEqual([status, body.error.code], [410, 'syncStateNotFound']);
      const location = headers.get('location') ?? '';
      assert.equal(location, `${server.baseUrl}/v1.0/education/classes/delta?$deltatoken=`);
      const again = await server.call(location);
      assert.deepEqual([again.status, again.body.value.length], [200, 2]);
    }
  });

  test('from before what is not known any more of members are refused, of other things not', async () => {
    const members = follow('/v1.0/education/classes/delta');
    const names = follow('/v1.0/education/classes/delta?$select=displayName');
    await members.round();
    await names.round();
    const [old, other] = [members.link, names.link];
    await change(
      `update class set description = 'c', change_seq = $1 where id = '${seeded.classes.biology}'`,
    );
    await inTenant(server.db, server.tenantId, (tx) =>
      tx.query('update tenant_counter set forgotten_seq = change_seq'),
    );
    const refused = await server.call(old);
    assert.deepEqual([refused.status, refused.body.error.code], [410, 'syncStateNotFound']);
    assert.equal((await server.call(other)).status, 200);
    const again = follow('/v1.0/education/classes/delta');
    await again.round();
    assert.deepEqual(await again.round(), []);
  });

  test('of another query, another tenant, or none of ours are refused', async () => {
    const page = await server.call('/v1.0/education/classes/delta?$top=1');
    const next = new URL(page.body['@odata.nextLink']);
    const skipToken = next.searchParams.get('$skiptoken') ?? '';
    const refused: [string, string?][] = [
      [link({ path: '/beta/education/classes/delta' })],
      [link({ tenantId: server.otherTenantId })],
      [link(), server.otherTenantId],
      [next.href, server.otherTenantId],
      ['/v1.0/education/classes/delta?$deltatoken=abc'],
      [`/v1.0/education/classes/delta?$deltatoken=${skipToken}`],
      [`/v1.0/education/users/delta?$skiptoken=${skipToken}`],
      [`/v1.0/education/classes?$skiptoken=${skipToken}`],
      [`${link()}&$deltatoken=latest`],
      [`${link()}&$select=id`],
      [`${next.href}&$top=5`],
    ];
    for (const [path, tenantId] of refused) {
      const { status, body } = await server.call(path, tenantId === undefined ? {} : { tenantId });
      assert.deepEqual([status, body.error.code], [400, 'BadRequest'], path.slice(0, 80));
    }
    assert.equal((await server.call(next.href)).status, 200);
  });

  test('take no other options', async () => {
    for (const option of [
      '$filter=id eq null',
      '$orderby=displayName',
      '$expand=members',
      '$skip=1',
      '$count=true',
      '$search=a',
    ]) {
      const { status, body } = await server.call(`/v1.0/education/classes/delta?${option}`);
      assert.deepEqual([status, body.error.code], [400, 'Request_UnsupportedQuery'], option);
    }
  });
});
