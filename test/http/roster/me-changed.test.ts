/** PATCH /education/me: what people may change of themselves, and that nothing else moves. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { rosterServer, type RosterAnswer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const WRITE = ['EduRoster.ReadWrite'];
const SUBJECT = 'subject of the token';
type Name = 'anna' | 'ben' | 'clara';

/** As somebody who is signed in; to /me unless another path is given. */
const patch = (
  name: Name,
  body: unknown,
  { path = '/education/me', version = 'beta', scopes = WRITE, headers = {} } = {},
): Promise<RosterAnswer> =>
  server.call(`/${version}${path}`, {
    method: 'PATCH',
    body,
    scopes,
    headers,
    person: { subject: SUBJECT, objectId: seeded.users[name] },
  });
const read = async (name: Name, version = 'beta') =>
  (await server.call(`/${version}/education/users/${seeded.users[name]}`)).body;
/** Everything that is stored of a person but what is read here: the version moves with any write. */
const stored = (name: Name) =>
  server.rows(
    `select p.version, p.primary_role, p.display_name, a.user_name, a.mail, a.enabled, a.initial_password,
            (select jsonb_agg(r order by r.id) from contact_relationship r where r.person_id = p.id) as contacts,
            (select count(*)::int from hand_edit h where h.object_id = p.id) as edits
       from person p join account a on a.person_id = p.id where p.id = $1`,
    seeded.users[name],
  );

describe('PATCH /education/me', () => {
  test('addresses are theirs, and the history says who it was', async () => {
    const before = await read('anna');
    const { status, body, text } = await patch('anna', {
      '@odata.type': '#microsoft.graph.educationUser',
      mailingAddress: { street: '2 New Way', postalCode: null },
      residenceAddress: { city: 'Kirkland' },
    });
    assert.equal(status, 200, text);
    assert.equal(body['@odata.context'], `${server.baseUrl}/beta/$metadata#education/me/$entity`);
    const expected = {
      ...before,
      mailingAddress: { ...before.mailingAddress, street: '2 New Way', postalCode: null },
      residenceAddress: { ...body.residenceAddress, city: 'Kirkland' },
    };
    assert.deepEqual({ ...body, '@odata.context': before['@odata.context'] }, expected);
    assert.deepEqual(await read('anna'), expected);
    const [edit] = await server.rows<Record<string, unknown>>(
      'select application_id, person, action, after from hand_edit where object_id = $1 order by id desc limit 1',
      seeded.users.anna,
    );
    assert.deepEqual(edit, {
      application_id: server.actor.applicationId,
      person: SUBJECT,
      action: 'update',
      after: {
        'mailingAddress/street': '2 New Way',
        ...(before.mailingAddress.postalCode === null ? {} : { 'mailingAddress/postalCode': null }),
        'residenceAddress/city': 'Kirkland',
      },
    });
    const cleared = await patch('anna', { residenceAddress: null }, { version: 'v1.0' });
    assert.equal(cleared.status, 200, cleared.text);
    assert.equal(cleared.body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#education/me/$entity`);
    assert.equal((await read('anna')).residenceAddress, null);
  });

  test('by user name, too, and without an answer when none is wanted', async () => {
    const answer = await server.call('/v1.0/education/me', {
      method: 'PATCH',
      body: { mailingAddress: { city: 'Bellevue' } },
      scopes: WRITE,
      headers: { prefer: 'return=minimal' },
      person: { subject: 's', userPrincipalName: 'CLARA@contoso.edu' },
    });
    assert.deepEqual([answer.status, answer.text], [204, '']);
    assert.equal((await read('clara')).mailingAddress.city, 'Bellevue');
  });

  test('who was read can be sent back, in both versions', async () => {
    for (const version of ['v1.0', 'beta'] as const) {
      const before = await stored('anna');
      const own = await server.call(`/${version}/education/me`, {
        scopes: WRITE,
        person: { subject: 's', objectId: seeded.users.anna },
      });
      const { status, body, text } = await patch('anna', own.body, { version });
      assert.equal(status, 200, text);
      assert.deepEqual(body, own.body);
      assert.deepEqual(await stored('anna'), before);
    }
  });

  /** Each with a value that PATCH of a user takes from an application. */
  const closed: [property: string, value: unknown][] = [
    ['primaryRole', 'teacher'],
    ['accountEnabled', false],
    ['userPrincipalName', 'head@contoso.edu'],
    ['mailNickname', 'head'],
    ['mail', 'head@contoso.edu'],
    ['employeeId', '1'],
    ['displayName', 'The Head'],
    ['givenName', 'The'],
    ['middleName', 'X'],
    ['surname', 'Head'],
    ['usageLocation', 'GB'],
    ['passwordProfile', { password: 'Corr3ct horse battery' }],
    ['student', { externalId: '99' }],
    ['student', { grade: '12' }],
    ['student', { graduationYear: '2020' }],
    ['student', { studentNumber: '99' }],
    ['student', { birthDate: '1990-01-01' }],
    ['student', { gender: 'other' }],
    ['student', null],
    ['teacher', { externalId: '99' }],
    ['teacher', { teacherNumber: '99' }],
    ['relatedContacts', []],
    ['relatedContacts', [{ displayName: 'Me', relationship: 'parent', emailAddress: 'me@contoso.edu' }]],
  ];
  for (const path of ['/education/me', 'their own id'])
    test(`nothing else is, not beside an address either: ${path}`, async () => {
      const address = path === '/education/me' ? path : `/education/users/${seeded.users.anna.toUpperCase()}`;
      const before = await stored('anna');
      for (const [property, value] of closed)
        for (const version of ['v1.0', 'beta'])
          for (const body of [
            { [property]: value },
            { mailingAddress: { city: 'Elsewhere' }, [property]: value },
          ]) {
            const shown = JSON.stringify(body);
            const answer = await patch('anna', body, { path: address, version });
            assert.deepEqual(
              [answer.status, answer.body.error.code],
              [403, 'Authorization_RequestDenied'],
              `${shown}: ${answer.text}`,
            );
            assert.match(answer.body.error.message, new RegExp(`"${property}" comes from the source`, 'u'));
            assert.ok(answer.body.error.innerError['request-id']);
          }
      assert.deepEqual(await stored('anna'), before, 'nothing was written');
      const open = await patch('anna', { mailingAddress: { city: address } }, { path: address });
      assert.equal(open.status, 200, open.text);
    });

  test('of others, and of schools and classes, they change nothing', async () => {
    const { ben, clara } = seeded.users;
    for (const [method, path, body] of [
      ['PATCH', `/v1.0/education/users/${ben}`, { displayName: 'Benjamin' }],
      ['PATCH', `/beta/education/users/${ben}`, { relatedContacts: [] }],
      ['DELETE', `/v1.0/education/users/${ben}`, undefined],
      ['POST', '/v1.0/education/classes', { displayName: 'x', mailNickname: 'x' }],
      ['PATCH', `/v1.0/education/classes/${seeded.classes.algebra}`, { displayName: 'x' }],
      [
        'POST',
        `/v1.0/education/classes/${seeded.classes.algebra}/teachers/$ref`,
        { '@odata.id': `${server.baseUrl}/v1.0/education/users/${clara}` },
      ],
    ] as const) {
      const answer = await server.call(path, {
        method,
        body,
        scopes: WRITE,
        person: { subject: SUBJECT, objectId: clara },
      });
      assert.equal(answer.status, 403, `${method} ${path} ${answer.text}`);
    }
  });

  test('what Rollbook does not take is a 400 that names it', async () => {
    for (const [body, message] of [
      [{ department: 'x' }, /department/u],
      [{ schools: [] }, /schools/u],
      [{ 'schools@odata.bind': ['x'] }, /schools@odata\.bind/u],
      [{ nickname: 'x' }, /nickname/u],
      [{ id: seeded.users.ben }, /"id"/u],
      [{ mailingAddress: { planet: 'Mars' } }, /planet/u],
      [{ mailingAddress: 'here' }, /mailingAddress/u],
      [{ mailingAddress: { city: 'a\u0000b' } }, /mailingAddress/u],
      [[], /JSON object/u],
      ['{', /JSON/u],
      [{ '@odata.type': '#microsoft.graph.user' }, /@odata\.type/u],
      ['{"__proto__":{"primaryRole":"teacher"}}', /./u],
    ] as const) {
      const answer = await patch('anna', body);
      assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
      assert.match(answer.body.error.message, message);
    }
    const query = await patch('anna', {}, { path: '/education/me?$select=id' });
    assert.equal(query.status, 400);
  });

  test('with EduRoster.ReadWrite of a person alone', async () => {
    const before = await stored('anna');
    const body = { mailingAddress: { city: 'Nowhere' } };
    for (const scopes of [['EduRoster.ReadBasic'], ['EduRoster.Read'], ['EduAdministration.ReadWrite']]) {
      const { status, body: answer } = await patch('anna', body, { scopes });
      assert.deepEqual([status, answer.error.code], [403, 'Authorization_RequestDenied'], scopes[0]);
    }
    const application = await server.call('/v1.0/education/me', { method: 'PATCH', body });
    assert.deepEqual(
      [application.status, application.body.error.message],
      [400, '/me request is only valid with delegated authentication flow.'],
    );
    for (const person of [
      { subject: 's', objectId: seeded.users.ended },
      { subject: 's', userPrincipalName: 'nobody@contoso.edu' },
      { subject: 's' },
    ]) {
      const nobody = await server.call('/beta/education/me', {
        method: 'PATCH',
        body,
        scopes: WRITE,
        person,
      });
      assert.deepEqual([nobody.status, nobody.body.error.code], [404, 'Request_ResourceNotFound']);
    }
    const foreign = await server.call('/beta/education/me', {
      method: 'PATCH',
      body,
      scopes: WRITE,
      person: { subject: 's', objectId: seeded.users.anna },
      tenantId: server.otherTenantId,
    });
    assert.equal(foreign.status, 404);
    assert.deepEqual(await stored('anna'), before);
  });
});
