import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const VERSIONS = ['v1.0', 'beta'] as const;
const post = (path: string, body: unknown) => server.call(path, { body });
const patch = (path: string, body: unknown) => server.call(path, { method: 'PATCH', body });
const remove = (path: string) => server.call(path, { method: 'DELETE' });
const edits = (objectId: string) =>
  server.rows<{ kind: string; action: string; application_id: string; before: unknown; after: unknown }>(
    'select kind, action, application_id, before, after from hand_edit where object_id = $1 order by id',
    objectId,
  );

describe('schools', () => {
  for (const version of VERSIONS) {
    test(`${version}: made, changed, deleted`, async () => {
      const path = `/${version}/education/schools`;
      const made = await post(path, {
        '@odata.type': '#microsoft.graph.educationSchool',
        displayName: '  Northwind  ',
        externalId: 'N1',
        phone: null,
        address: { city: 'Seattle', countryOrRegion: 'US' },
        createdBy: null,
      });
      assert.equal(made.status, 201, made.text);
      const { id } = made.body;
      assert.equal(made.headers.get('location'), `${server.baseUrl}${path}/${id}`);
      assert.equal(
        made.body['@odata.context'],
        `${server.baseUrl}/${version}/$metadata#education/schools/$entity`,
      );
      assert.equal(made.body.displayName, 'Northwind');
      assert.equal(made.body.externalSource, 'manual');
      assert.deepEqual((await server.call(`${path}/${id}`)).body, made.body);

      const changed = await patch(`${path}/${id}`, {
        'phone@odata.type': '#String',
        phone: '555',
        externalId: null,
        address: { street: 'Pier 1', city: null },
      });
      assert.equal(changed.status, 200, changed.text);
      assert.deepEqual(changed.body, {
        ...made.body,
        phone: '555',
        externalId: null,
        address: { street: 'Pier 1', city: null, state: null, postalCode: null, countryOrRegion: 'US' },
      });
      const cleared = await patch(`${path}/${id}`, { address: null });
      assert.equal(cleared.body.address, null);

      const gone = await remove(`${path}/${id}`);
      assert.deepEqual([gone.status, gone.text, gone.headers.get('content-type')], [204, '', null]);
      for (const answer of [
        await server.call(`${path}/${id}`),
        await patch(`${path}/${id}`, { phone: '1' }),
        await remove(`${path}/${id}`),
      ]) {
        assert.equal(answer.status, 404);
        assert.equal(answer.body.error.code, 'Request_ResourceNotFound');
      }
      const history = await edits(id);
      assert.deepEqual(
        history.map(({ kind, action, application_id }) => [kind, action, application_id]),
        ['create', 'update', 'update', 'deactivate'].map((action) => [
          'org',
          action,
          server.actor.applicationId,
        ]),
      );
      assert.deepEqual(
        [history[1]?.before, history[1]?.after],
        [
          { phone: null, externalId: 'N1', 'address/street': null, 'address/city': 'Seattle' },
          { phone: '555', externalId: null, 'address/street': 'Pier 1', 'address/city': null },
        ],
      );
    });
  }

  test('what was read can be sent back: it changes what differs, and nothing when nothing does', async () => {
    const path = `/beta/education/schools/${seeded.schools.fabrikam}`;
    const { body: read } = await server.call(path);
    assert.equal(read.externalSource, 'lms');
    const state = `select version, change_seq from org where id = '${seeded.schools.fabrikam}'`;
    const before = await server.rows(state);
    const same = await patch(path, read);
    assert.equal(same.status, 200, same.text);
    assert.deepEqual(await server.rows(state), before);
    assert.deepEqual(await edits(seeded.schools.fabrikam), []);
    const changed = await patch(path, { ...read, fax: '99' });
    assert.deepEqual(changed.body, { ...read, fax: '99' });
    assert.deepEqual(
      await server.rows(`select version, change_seq = (select change_seq from tenant_counter) as last
         from org where id = '${seeded.schools.fabrikam}'`),
      [{ version: 2, last: true }],
    );
  });

  test('what is wrong is named, and nothing of it is written', async () => {
    const { id } = (await post('/v1.0/education/schools', { displayName: 'Rules' })).body;
    const path = `/v1.0/education/schools/${id}`;
    const cases: [method: string, sent: unknown, message: RegExp][] = [
      ['POST', {}, /displayName/],
      ['POST', { displayName: null }, /displayName/],
      ['POST', { displayName: 'x', nickname: 'y' }, /nickname/],
      ['POST', { displayName: 'x', externalSource: 'sis' }, /externalSource/],
      ['POST', { displayName: 'x', id: seeded.schools.contoso }, /"id"/],
      ['POST', { displayName: 'x', '@odata.type': '#microsoft.graph.educationClass' }, /@odata\.type/],
      ['POST', { displayName: 'x', 'users@odata.bind': [] }, /users@odata\.bind/],
      ['POST', [], /object/],
      ['PATCH', { displayName: null }, /displayName/],
      ['PATCH', { displayName: ' ' }, /displayName/],
      ['PATCH', { id: seeded.schools.contoso }, /"id"/],
      ['PATCH', { externalSource: 'sis' }, /externalSource/],
      ['PATCH', { createdBy: { user: { id: '1' } } }, /createdBy/],
      ['PATCH', { address: { planet: 'Earth' } }, /planet/],
      ['PATCH', { address: 'Pier 1' }, /address/],
      ['PATCH', { principalEmail: 'nobody' }, /principalEmail/],
      ['PATCH', { phone: 5, fax: '1' }, /phone/],
      ['PATCH', { users: [] }, /users/],
    ];
    for (const [method, body, message] of cases) {
      const answer = await server.call(method === 'POST' ? '/v1.0/education/schools' : path, {
        method,
        body,
      });
      assert.equal(answer.status, 400, `${JSON.stringify(body)} ${answer.text}`);
      assert.match(answer.body.error.message, message);
    }
    assert.equal((await server.rows(`select 1 from org where display_name = 'x'`)).length, 0);
    assert.deepEqual(await server.rows(`select version, fax from org where id = '${id}'`), [
      { version: 1, fax: null },
    ]);
    assert.equal((await patch(`${path}?$select=id`, { phone: '1' })).status, 400);
  });

  test('ids that are no school of this tenant: 404', async () => {
    for (const id of [seeded.schools.closed, seeded.classes.algebra, 'x']) {
      assert.equal((await patch(`/v1.0/education/schools/${id}`, { phone: '1' })).status, 404);
      assert.equal((await remove(`/v1.0/education/schools/${id}`)).status, 404);
    }
    const tenantId = server.otherTenantId;
    const path = `/v1.0/education/schools/${seeded.schools.contoso}`;
    assert.equal((await server.call(path, { method: 'DELETE', tenantId })).status, 404);
    assert.equal((await server.call(path, { method: 'PATCH', body: { phone: '1' }, tenantId })).status, 404);
  });

  test('nobody writes without EduRoster.ReadWrite', async () => {
    for (const permissions of [['EduRoster.Read.All'], ['EduAdministration.ReadWrite.All']]) {
      const path = `/v1.0/education/schools/${seeded.schools.contoso}`;
      const answers = [
        await server.call('/v1.0/education/schools', { body: { displayName: 'x' }, permissions }),
        await server.call(path, { method: 'PATCH', body: { phone: '1' }, permissions }),
        await server.call(path, { method: 'DELETE', permissions }),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [403, 403, 403],
      );
    }
  });
});

describe('classes', () => {
  for (const version of VERSIONS) {
    test(`${version}: made, changed, deleted, with course and term of their own`, async () => {
      const path = `/${version}/education/classes`;
      const made = await post(path, {
        displayName: 'Physics',
        mailNickname: `physics-${version.replace('.', '')}`,
        course: { displayName: 'Physics 1', subject: 'Science' },
        term: { displayName: 'Autumn', startDate: '2026-08-01', endDate: '2026-12-20' },
      });
      assert.equal(made.status, 201, made.text);
      assert.deepEqual(made.body.course, {
        courseNumber: null,
        description: null,
        displayName: 'Physics 1',
        externalId: null,
        subject: 'Science',
      });
      assert.equal(made.body.term.startDate, '2026-08-01');
      const { id } = made.body;
      const changed = await patch(`${path}/${id}`, {
        classCode: 'P1',
        course: { courseNumber: '7', subject: null },
        term: null,
      });
      assert.equal(changed.status, 200, changed.text);
      assert.deepEqual(changed.body.course, { ...made.body.course, courseNumber: '7', subject: null });
      assert.equal(changed.body.term, null);
      const [row] = await server.rows<{ own: boolean; seq: boolean }>(
        `select k.external_source = 'manual' as own, k.change_seq = c.change_seq as seq
           from class c join course k on k.id = c.course_id where c.id = '${id}'`,
      );
      assert.deepEqual(row, { own: true, seq: true });
      assert.deepEqual((await edits(id))[1]?.after, {
        classCode: 'P1',
        'course/courseNumber': '7',
        'course/subject': null,
        'term/displayName': null,
        'term/startDate': null,
        'term/endDate': null,
      });
      assert.equal((await remove(`${path}/${id}`)).status, 204);
      assert.equal((await server.call(`${path}/${id}`)).status, 404);
    });
  }

  test('a course that classes of a sync share: the one that is edited gets its own', async () => {
    const other = await post('/v1.0/education/classes', { displayName: 'Twin', mailNickname: 'twin' });
    await server.rows(
      `update class set course_id = (select course_id from class where id = $1) where id = $2`,
      seeded.classes.algebra,
      other.body.id,
    );
    const path = `/v1.0/education/classes/${seeded.classes.algebra}`;
    const { body: before } = await server.call(path);
    const { body: after } = await patch(path, { course: { subject: 'Edited' } });
    assert.deepEqual(after, { ...before, course: { ...before.course, subject: 'Edited' } });
    const twin = await server.call(`/v1.0/education/classes/${other.body.id}`);
    assert.deepEqual(twin.body.course, before.course);
  });

  test('mail nicknames are taken once, in any case; a deleted class sets its own free', async () => {
    const body = { displayName: 'One', mailNickname: 'the.one' };
    const first = await post('/v1.0/education/classes', body);
    const second = await post('/v1.0/education/classes', { ...body, mailNickname: 'THE.one' });
    assert.equal(second.status, 400);
    assert.equal(second.body.error.code, 'Request_BadRequest');
    assert.equal(
      second.body.error.message,
      'Another object with the same value for property mailNickname already exists.',
    );
    const renamed = await patch(`/v1.0/education/classes/${seeded.classes.biology}`, {
      mailNickname: 'the.one',
    });
    assert.equal(renamed.status, 400);
    assert.equal(
      (await patch(`/v1.0/education/classes/${first.body.id}`, { mailNickname: 'The.One' })).status,
      200,
    );
    assert.equal((await remove(`/v1.0/education/classes/${first.body.id}`)).status, 204);
    assert.equal((await post('/v1.0/education/classes', body)).status, 201);
  });

  test('what is wrong is named', async () => {
    const path = `/v1.0/education/classes/${seeded.classes.biology}`;
    const cases: [method: string, sent: unknown, message: RegExp][] = [
      ['POST', { displayName: 'x' }, /mailNickname/],
      ['POST', { displayName: 'x', mailNickname: 'a b' }, /mailNickname/],
      ['POST', { mailNickname: 'x' }, /displayName/],
      ['POST', { displayName: 'x', mailNickname: 'x', course: { title: 'y' } }, /title/],
      ['POST', { displayName: 'x', mailNickname: 'x', term: { startDate: '2026-02-30' } }, /term\.startDate/],
      ['PATCH', { term: { endDate: '2026-02-01T00:00:00Z' } }, /term\.endDate/],
      ['PATCH', { mailNickname: null }, /mailNickname/],
      ['PATCH', { members: [] }, /members/],
    ];
    for (const [method, body, message] of cases) {
      const answer = await server.call(method === 'POST' ? '/v1.0/education/classes' : path, {
        method,
        body,
      });
      assert.equal(answer.status, 400, `${JSON.stringify(body)} ${answer.text}`);
      assert.match(answer.body.error.message, message);
    }
  });

  test('two who write one class at once both get through', async () => {
    const path = `/v1.0/education/classes/${seeded.classes.biology}`;
    const answers = await Promise.all([
      patch(path, { grade: '8' }),
      patch(path, { classCode: 'B' }),
      patch(path, { description: 'Life' }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    const { body } = await server.call(path);
    assert.deepEqual([body.grade, body.classCode, body.description], ['8', 'B', 'Life']);
  });
});
