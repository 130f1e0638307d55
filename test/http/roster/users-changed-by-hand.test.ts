import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

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

const PASSWORD = 'An0ther horse battery';
let numbered = 0;
async function newUser(more: Record<string, unknown> = {}): Promise<string> {
  const name = `user${(numbered += 1)}`;
  const body = {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@contoso.edu`,
    passwordProfile: { password: 'Corr3ct horse battery' },
    ...more,
  };
  const made = await server.call('/beta/education/users', { body });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}
const read = async (id: string, version = 'beta') =>
  (await server.call(`/${version}/education/users/${id}`)).body;
const patch = (id: string, body: unknown, version = 'beta') =>
  server.call(`/${version}/education/users/${id}`, { method: 'PATCH', body });
/** Version of the person, and whether readers by change_seq see everything of the person. */
const follow = async (id: string): Promise<unknown> =>
  (
    await server.rows(
      `select p.version, p.change_seq >= greatest(a.change_seq, d.change_seq,
                (select max(r.change_seq) from contact_relationship r where r.person_id = p.id)) as "seesAll",
              p.change_seq = (select change_seq from tenant_counter) as last
         from person p join account a on a.person_id = p.id left join demographics d on d.person_id = p.id where p.id = $1`,
      id,
    )
  )[0];

describe('PATCH /education/users/{id}', () => {
  test('only what is there changes, parts of complex properties too; null clears', async () => {
    const id = await newUser({
      givenName: 'Ada',
      student: { grade: '5', gender: 'female', birthDate: '2015-03-01' },
      mailingAddress: { city: 'Redmond', street: '1 Way' },
    });
    const before = await read(id);
    assert.deepEqual(before.mailingAddress.city, 'Redmond');
    const { status, body, text } = await patch(id, {
      '@odata.type': '#microsoft.graph.educationUser',
      surname: 'Byron',
      givenName: null,
      accountEnabled: false,
      usageLocation: 'GB',
      student: { '@odata.type': '#microsoft.graph.educationStudent', grade: '6', birthDate: null },
      teacher: { teacherNumber: 'T9' },
      mailingAddress: { street: null, postalCode: 'AB1' },
    });
    assert.equal(status, 200, text);
    assert.equal(body['@odata.context'], `${server.baseUrl}/beta/$metadata#education/users/$entity`);
    const expected = {
      ...before,
      surname: 'Byron',
      givenName: null,
      accountEnabled: false,
      usageLocation: 'GB',
      student: { ...before.student, grade: '6', birthDate: null },
      teacher: { externalId: null, teacherNumber: 'T9' },
      mailingAddress: { ...before.mailingAddress, street: null, postalCode: 'AB1' },
    };
    assert.deepEqual({ ...body, '@odata.context': before['@odata.context'] }, expected);
    assert.deepEqual(await read(id), expected);
    assert.deepEqual(await follow(id), { version: 2, seesAll: true, last: true });
    const [, edit] = await server.rows<{ before: unknown; after: unknown }>(
      'select before, after from hand_edit where object_id = $1 order by id',
      id,
    );
    assert.deepEqual(edit, {
      before: {
        surname: null,
        givenName: 'Ada',
        accountEnabled: true,
        usageLocation: null,
        'student/grade': '5',
        'student/birthDate': '2015-03-01',
        'teacher/teacherNumber': null,
        'mailingAddress/street': '1 Way',
        'mailingAddress/postalCode': null,
      },
      after: {
        surname: 'Byron',
        givenName: null,
        accountEnabled: false,
        usageLocation: 'GB',
        'student/grade': '6',
        'student/birthDate': null,
        'teacher/teacherNumber': 'T9',
        'mailingAddress/street': null,
        'mailingAddress/postalCode': 'AB1',
      },
    });
  });

  test('what was read can be sent back, in both versions', async () => {
    for (const version of ['v1.0', 'beta']) {
      for (const id of [seeded.users.anna, seeded.users.dora]) {
        const before = await follow(id);
        const user = await read(id, version);
        const { status, body, text } = await patch(id, user, version);
        assert.equal(status, 200, text);
        assert.deepEqual(body, user);
        assert.deepEqual(await follow(id), before, 'nothing was written');
      }
    }
    assert.equal(
      (await server.rows('select 1 from hand_edit where object_id = $1', seeded.users.anna)).length,
      0,
    );
  });

  test('each table of a person takes the person along', async () => {
    for (const [body, version] of [
      [{ mail: 'elsewhere@contoso.edu' }, 2],
      [{ student: { gender: 'other' } }, 3],
      [{ displayName: 'Ben B' }, 4],
      [{ relatedContacts: [{ displayName: 'Ina', relationship: 'aide' }] }, 5],
      [{ passwordProfile: { password: PASSWORD } }, 6],
    ] as const) {
      assert.equal((await patch(seeded.users.ben, body)).status, 200);
      assert.deepEqual(await follow(seeded.users.ben), { version, seesAll: true, last: true });
    }
  });

  test('a new password is kept sealed and stands nowhere else', async () => {
    const id = await newUser();
    const { status, text, body } = await patch(id, { passwordProfile: { password: PASSWORD }, surname: 'X' });
    assert.equal(status, 200, text);
    assert.equal(body.passwordProfile, null);
    const [row] = await server.rows<{ initial_password: Buffer }>(
      'select initial_password from account where person_id = $1',
      id,
    );
    assert.equal(row && testSecretBox.open(row.initial_password).toString('utf8'), PASSWORD);
    const history = JSON.stringify(await server.rows('select * from hand_edit'));
    assert.match(history, /passwordProfile/);
    for (const place of [text, history, server.log.join('')]) assert.equal(place.includes(PASSWORD), false);
  });

  test('names that are taken', async () => {
    const id = await newUser({ mail: 'mine@contoso.edu' });
    for (const [body, property] of [
      [{ userPrincipalName: 'ANNA@contoso.edu' }, 'userPrincipalName'],
      [{ userPrincipalName: 'ended@contoso.edu' }, 'userPrincipalName'],
      [{ mail: 'anna@Contoso.edu' }, 'mail'],
    ] as const) {
      const answer = await patch(id, body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.error.code, 'Request_BadRequest');
      assert.equal(
        answer.body.error.message,
        `Another object with the same value for property ${property} already exists.`,
      );
    }
    assert.deepEqual(await follow(id), { version: 1, seesAll: true, last: true });
    assert.equal((await patch(id, { userPrincipalName: 'New.Name@contoso.edu' })).status, 200);
    assert.equal(
      (await patch(id, { userPrincipalName: 'new.name@contoso.edu' })).status,
      200,
      'its own name',
    );
    const taken = await server.call('/v1.0/education/users', {
      body: {
        accountEnabled: true,
        displayName: 'x',
        mailNickname: 'x',
        userPrincipalName: 'x@contoso.edu',
        mail: 'MINE@contoso.edu',
        passwordProfile: { password: PASSWORD },
      },
    });
    assert.match(taken.body.error.message, /property mail already exists/);
  });

  test('the mail address of somebody who is inactive is free', async () => {
    const { ended } = seeded.users;
    await server.rows(`update account set mail = 'left@contoso.edu' where person_id = $1 returning 1`, ended);
    const id = await newUser();
    const { status, text } = await patch(id, { mail: 'LEFT@contoso.edu' });
    assert.equal(status, 200, text);
  });

  test('what is wrong is named', async () => {
    const { anna } = seeded.users;
    const before = await follow(anna);
    const cases: [sent: unknown, message: RegExp, version?: string][] = [
      [{ department: 'x' }, /department/],
      [{ businessPhones: ['1'] }, /businessPhones/],
      [{ id: seeded.users.ben }, /"id"/],
      [{ externalSource: 'manual' }, /externalSource/],
      [{ nickname: 'x' }, /nickname/],
      [{ displayName: null }, /displayName/],
      [{ accountEnabled: null }, /accountEnabled/],
      [{ userPrincipalName: 'no domain' }, /userPrincipalName/],
      [{ passwordProfile: { password: 'short' } }, /passwordProfile\.password/],
      [{ passwordProfile: { forceChangePasswordNextSignIn: true } }, /passwordProfile\.password/],
      [{ student: { birthDate: '2011-13-01' } }, /student\.birthDate/],
      [{ student: { shoeSize: '40' } }, /shoeSize/],
      [{ primaryRole: 'faculty' }, /primaryRole/, 'v1.0'],
      [{ '@odata.type': '#microsoft.graph.user', surname: 'x' }, /@odata\.type/],
      [{ surname: 'x', relatedContacts: [] }, /relatedContacts/],
      [{ relatedContacts: null }, /relatedContacts/],
      [
        { relatedContacts: [{ displayName: 'x', relationship: 'friend' }] },
        /relatedContacts\[0\]\.relationship/,
      ],
      [{ relatedContacts: [{ displayName: 'x', relationship: 'parent' }] }, /emailAddress/, 'v1.0'],
      [
        { relatedContacts: [{ displayName: 'x', relationship: 'aide', accessConsent: true }] },
        /accessConsent/,
      ],
    ];
    for (const [sent, message, version] of cases) {
      const answer = await patch(anna, sent, version);
      assert.equal(answer.status, 400, `${JSON.stringify(sent)} ${answer.text}`);
      assert.match(answer.body.error.message, message);
    }
    assert.deepEqual(await follow(anna), before);
    for (const id of [seeded.users.ended, seeded.classes.algebra, 'x'])
      assert.equal((await patch(id, { surname: 'x' })).status, 404);
  });

  test('contacts: all are replaced, an id keeps its own', async () => {
    const { anna } = seeded.users;
    const [olga] = (await read(anna)).relatedContacts;
    const sent = [
      { ...olga, displayName: 'Olga Brown', mobilePhone: '5' },
      { displayName: 'Dr Who', relationship: 'doctor', emailAddress: 'who@contoso.edu' },
    ];
    const { status, body, text } = await patch(anna, { relatedContacts: sent });
    assert.equal(status, 200, text);
    const [first, second] = body.relatedContacts;
    assert.deepEqual(first, { ...olga, displayName: 'Olga Brown', mobilePhone: '5' });
    assert.deepEqual(
      { ...second, id: undefined },
      { ...sent[1], id: undefined, mobilePhone: null, accessConsent: null },
    );
    assert.notEqual(second.id, olga.id);
    const last = await patch(
      anna,
      { relatedContacts: [{ displayName: 'Only', relationship: 'other', emailAddress: '' }] },
      'v1.0',
    );
    assert.equal(last.status, 200, last.text);
    assert.deepEqual(last.body.relatedContacts, [
      {
        displayName: 'Only',
        emailAddress: '',
        mobilePhone: null,
        relationship: 'other',
        accessConsent: null,
      },
    ]);
    const emptied = await patch(anna, { relatedContacts: [] });
    assert.deepEqual(emptied.body.relatedContacts, []);
    const kept = await server.rows('select active from contact_relationship where person_id = $1', anna);
    assert.deepEqual(kept, [{ active: false }, { active: false }, { active: false }]);
  });
});

describe('DELETE /education/users/{id}', () => {
  test('the user is gone for readers, disabled, out of classes and schools, and nothing is erased', async () => {
    const { clara } = seeded.users;
    const members = `/v1.0/education/classes/${seeded.classes.algebra}/members`;
    const before = (await server.call(members)).body.value.length;
    const gone = await server.call(`/v1.0/education/users/${clara}`, { method: 'DELETE' });
    assert.deepEqual([gone.status, gone.text], [204, '']);
    assert.equal((await server.call(`/v1.0/education/users/${clara}`)).status, 404);
    assert.equal((await server.call(members)).body.value.length, before - 1);
    const state = await server.rows<Record<string, unknown>>(
      `select p.active, a.enabled, a.user_name,
              (select count(*)::int from enrollment e where e.person_id = p.id and e.active) as enrollments,
              (select count(*)::int from role r where r.person_id = p.id and r.active) as roles,
              (select count(*)::int from enrollment e where e.person_id = p.id and e.change_seq = p.change_seq) as seen
         from person p join account a on a.person_id = p.id where p.id = $1`,
      clara,
    );
    assert.deepEqual(
      state.map((row) => ({ ...row, user_name: undefined })),
      [{ active: false, enabled: false, user_name: undefined, enrollments: 0, roles: 0, seen: 3 }],
    );
    const again = await server.call(`/v1.0/education/users/${clara}`, { method: 'DELETE' });
    assert.equal(again.status, 404);
  });

  test('a user made by hand can be made again after a deletion: all that they were known by is free', async () => {
    const userPrincipalName = 'again@contoso.edu';
    const known = { mail: userPrincipalName, mailNickname: 'again', employeeId: 'E-1' };
    const row = { userPrincipalName, ...known, extensionAttribute1: 'X-1' };
    const imported = await server.call('/api/v1/users/import', { body: [row] });
    const { id } = imported.body.rows[0];
    assert.equal((await server.call(`/beta/education/users/${id}`, { method: 'DELETE' })).status, 204);
    const [left] = await server.rows<{ values: string[] }>(
      `select array[user_name, mail, mail_nickname, employee_id, extension_attributes ->> 'extensionAttribute1'] as values
         from account where person_id = $1`,
      id,
    );
    const before = id.replaceAll('-', '');
    assert.deepEqual(
      left?.values,
      [userPrincipalName, userPrincipalName, 'again', 'E-1', 'X-1'].map((value) => before + value),
    );
    const second = await newUser({ userPrincipalName, mail: userPrincipalName });
    assert.notEqual(second, id);
  });

  test('behind its permission', async () => {
    const path = `/v1.0/education/users/${seeded.users.anna}`;
    const permissions = ['EduRoster.Read.All'];
    assert.equal((await server.call(path, { method: 'DELETE', permissions })).status, 403);
    assert.equal(
      (await server.call(path, { method: 'PATCH', body: { surname: 'x' }, permissions })).status,
      403,
    );
  });
});

test('an import keeps for the history what it changed, and by whom', async () => {
  const send = (text: string) => server.call('/api/v1/users/import', { body: text, contentType: 'text/csv' });
  const { body } = await send('userPrincipalName,surname\nimp@contoso.edu,First\n');
  await send('userPrincipalName,surname\nimp@contoso.edu,Second\n');
  await send('userPrincipalName,surname\nimp@contoso.edu,Second\n');
  const history = await server.rows(
    'select action, application_id, before, after from hand_edit where object_id = $1 order by id',
    body.rows[0].id,
  );
  const application_id = server.actor.applicationId;
  assert.deepEqual(history, [
    {
      action: 'create',
      application_id,
      before: null,
      after: { userPrincipalName: 'imp@contoso.edu', surname: 'First' },
    },
    { action: 'update', application_id, before: { surname: 'First' }, after: { surname: 'Second' } },
  ]);
  await assert.rejects(server.rows(`update hand_edit set application_id = 'x'`), { code: '42501' });
  await assert.rejects(server.rows('delete from hand_edit'), { code: '42501' });
});
