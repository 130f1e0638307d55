import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, type SeededDirectory } from '#test/helpers/seed-directory.ts';
import { testSecretBox } from '#test/helpers/secret-box.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

const PASSWORD = 'Corr3ct horse battery';
const body = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  accountEnabled: true,
  displayName: name,
  mailNickname: name,
  userPrincipalName: `${name}@contoso.edu`,
  passwordProfile: { password: PASSWORD, forceChangePasswordNextSignIn: true },
  ...more,
});
const post = (sent: unknown, version = 'v1.0') => server.call(`/${version}/education/users`, { body: sent });
const changeSeq = async (): Promise<unknown> =>
  (await server.rows('select change_seq from tenant_counter'))[0];

describe('POST /education/users', () => {
  test('makes a person and an account, and keeps the password to itself', async () => {
    const created = await post(
      body('eva', {
        '@odata.type': '#microsoft.graph.educationUser',
        givenName: 'Eva',
        mail: 'eva@example.org',
        employeeId: 'E-17',
        primaryRole: 'teacher',
        teacher: { externalId: '9', teacherNumber: null },
        student: { birthDate: '2000-02-29', gender: 'other' },
      }),
    );
    assert.equal(created.status, 201, created.text);
    const { id } = created.body;
    assert.equal(created.headers.get('location'), `${server.baseUrl}/v1.0/education/users/${id}`);
    assert.equal(created.body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#education/users/$entity`);
    assert.equal(created.body.externalSource, 'manual');
    assert.equal(created.body.passwordProfile, null);
    assert.deepEqual(created.body.teacher, { externalId: '9', teacherNumber: null });
    assert.equal(created.body.student.birthDate, '2000-02-29');
    assert.equal(created.text.includes(PASSWORD), false);
    const read = await server.call(`/v1.0/education/users/${id}`);
    assert.deepEqual(read.body, created.body);
    const [row] = await server.rows<{
      employee_id: string;
      initial_password: Buffer;
      same: boolean;
      last: boolean;
    }>(
      `select a.employee_id, a.initial_password, a.change_seq = p.change_seq as same,
              p.change_seq = (select change_seq from tenant_counter) as last
         from account a join person p on p.id = a.person_id where p.id = $1`,
      id,
    );
    assert.equal(row?.employee_id, 'E-17');
    assert.deepEqual([row?.same, row?.last], [true, true]);
    assert.equal(row && testSecretBox.open(row.initial_password).toString('utf8'), PASSWORD);
    assert.equal(server.log.join('').includes(PASSWORD), false);
    assert.equal(server.log.join('').includes('eva@'), false);
  });

  test('a user name that is taken, in any case', async () => {
    const before = await changeSeq();
    const { status, body: answer } = await post(body('x', { userPrincipalName: 'ANNA@Contoso.edu' }));
    assert.equal(status, 400);
    assert.equal(answer.error.code, 'Request_BadRequest');
    assert.equal(
      answer.error.message,
      'Another object with the same value for property userPrincipalName already exists.',
    );
    assert.deepEqual(await changeSeq(), before, 'nothing is half done');
    const rows = await server.rows(`select 1 from person where display_name = 'x'`);
    assert.equal(rows.length, 0);
  });

  test('the same name in another tenant is free', async () => {
    const { status } = await server.call('/v1.0/education/users', {
      body: body('anna'),
      tenantId: server.otherTenantId,
    });
    assert.equal(status, 201);
  });

  test('two at once: one is made', async () => {
    const answers = await Promise.all([post(body('twin')), post(body('twin'))]);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201, 400]));
  });

  test('what is wrong is named', async () => {
    const without = (property: string): Record<string, unknown> => {
      const { [property]: _, ...rest } = body('bad');
      return rest;
    };
    const cases: [sent: unknown, message: RegExp][] = [
      [without('accountEnabled'), /accountEnabled/],
      [without('displayName'), /displayName/],
      [without('mailNickname'), /mailNickname/],
      [without('passwordProfile'), /passwordProfile/],
      [without('userPrincipalName'), /userPrincipalName/],
      [body('bad', { nickname: 'x' }), /nickname/],
      [body('bad', { accountEnabled: 'yes' }), /accountEnabled/],
      [body('bad', { userPrincipalName: 'no domain' }), /userPrincipalName/],
      [body('bad', { mailNickname: 'a b' }), /mailNickname/],
      [body('bad', { displayName: ' ' }), /displayName/],
      [body('bad', { displayName: 'a\u0000b' }), /displayName/],
      [body('bad', { displayName: '\ud800' }), /displayName/],
      [body('bad', { passwordProfile: { password: 'short' } }), /passwordProfile\.password/],
      [body('bad', { passwordProfile: { password: PASSWORD, hint: 'x' } }), /hint/],
      [body('bad', { student: { birthDate: '2000-02-30' } }), /student\.birthDate/],
      [body('bad', { student: { '@odata.type': '\u0000' } }), /@odata\.type/],
      [body('bad', { primaryRole: 'faculty' }), /primaryRole/],
      [body('bad', { externalSource: 'sis' }), /externalSource/],
      [body('bad', { '@odata.type': '#microsoft.graph.user' }), /@odata\.type/],
      [[], /object/],
      [undefined, /./],
    ];
    for (const [sent, message] of cases) {
      const {
        status,
        body: answer,
        text,
      } = await server.call('/v1.0/education/users', {
        method: 'POST',
        ...(sent === undefined ? {} : { body: sent }),
      });
      assert.equal(status, 400, `${JSON.stringify(sent)} ${text}`);
      assert.match(answer.error.message, message);
      assert.equal(text.includes(PASSWORD), false);
    }
  });
});

describe('POST /api/v1/users/import', () => {
  const send = (text: string, contentType = 'text/csv') =>
    server.call('/api/v1/users/import', { body: text, contentType });

  test('CSV: created, then unchanged, then updated', async () => {
    const csv =
      '\uFEFFUserPrincipalName,displayName,givenName,surname,mail,mailNickname,employeeId,accountEnabled\r\n' +
      'fay@contoso.edu,"Fay ""F"" Fox, Jr",Fay,Fox,fay@example.org,fay,7,false\r\n' +
      '\r\n' +
      'gus@contoso.edu,,Gus,Gold,,,,\r\n';
    const first = await send(csv);
    assert.equal(first.status, 200, first.text);
    const { rows, ...counts } = first.body;
    assert.deepEqual(counts, { created: 2, updated: 0, unchanged: 0, refused: 0 });
    assert.deepEqual(
      rows.map(({ id, ...row }: { id: string }) => ({ ...row, hasId: typeof id === 'string' })),
      [
        { line: 2, userPrincipalName: 'fay@contoso.edu', result: 'created', hasId: true },
        { line: 4, userPrincipalName: 'gus@contoso.edu', result: 'created', hasId: true },
      ],
    );
    const fay = await server.call(`/v1.0/education/users/${rows[0].id}`);
    assert.equal(fay.body.displayName, 'Fay "F" Fox, Jr');
    assert.equal(fay.body.accountEnabled, false);
    assert.equal(fay.body.externalSource, 'manual');
    const gus = await server.call(`/v1.0/education/users/${rows[1].id}`);
    assert.equal(gus.body.displayName, 'Gus Gold');
    assert.equal(gus.body.mailNickname, 'gus');

    const seq = await changeSeq();
    const second = await send(csv);
    assert.equal(second.body.unchanged, 2);
    assert.deepEqual(await changeSeq(), seq, 'nothing was written');

    const third = await send(
      'userPrincipalName,accountEnabled,surname\nFAY@contoso.edu,true,\ngus@contoso.edu,true,Gray',
    );
    assert.deepEqual([third.body.updated, third.body.unchanged], [2, 0]);
    const faster = await server.call(`/v1.0/education/users/${rows[0].id}`);
    assert.deepEqual(
      [faster.body.accountEnabled, faster.body.surname],
      [true, 'Fox'],
      'an empty cell erases nothing',
    );
    const versions = await server.rows<{ person: number; account: number }>(
      'select p.version as person, a.version as account from person p join account a on a.person_id = p.id where p.id = $1',
      rows[0].id,
    );
    assert.deepEqual(
      versions,
      [{ person: 2, account: 2 }],
      'who follows people sees that the account changed',
    );
  });

  test('a row at fault is refused with its line, the others go on', async () => {
    const { status, body: answer } = await send(
      [
        'userPrincipalName,displayName,accountEnabled',
        'hal@contoso.edu,Hal,true',
        'no-domain,Nobody,true',
        ',Nobody,true',
        'ida@contoso.edu,Ida,perhaps',
        'jan@contoso.edu,Jan',
        'HAL@contoso.edu,Hal again,true',
        'ended@contoso.edu,Ended,true',
        '"kim@contoso.edu","Kim\nMulti",true',
        'lea@contoso.edu,Lea,true',
      ].join('\n'),
    );
    assert.equal(status, 200);
    assert.deepEqual(
      answer.rows.map(({ line, result, reason }: { line: number; result: string; reason?: string }) => [
        line,
        result,
        reason?.split(' ').slice(0, 4).join(' '),
      ]),
      [
        [2, 'created', undefined],
        [3, 'refused', 'userPrincipalName has to be'],
        [4, 'refused', 'userPrincipalName is empty. It'],
        [5, 'refused', 'accountEnabled is true or'],
        [6, 'refused', 'The row has 2'],
        [7, 'refused', 'The row in line'],
        [8, 'refused', 'The user name belongs'],
        [9, 'refused', 'displayName must not hold'],
        [11, 'created', undefined],
      ],
    );
    assert.deepEqual([answer.created, answer.refused], [2, 7]);
  });

  test('a hand edit of a person of a sync is one too', async () => {
    const { body: answer } = await send('userPrincipalName,employeeId\nclara@contoso.edu,T-1');
    assert.equal(answer.updated, 1);
    assert.equal(answer.rows[0].id, seeded.users.clara);
    const clara = await server.call(`/v1.0/education/users/${seeded.users.clara}`);
    assert.equal(clara.body.externalSource, 'sis');
  });

  test('JSON: an array of users', async () => {
    const { status, body: answer } = await server.call('/api/v1/users/import', {
      body: [
        { userPrincipalName: 'max@contoso.edu', accountEnabled: false, mail: null },
        { displayName: 'x' },
      ],
    });
    assert.equal(status, 200);
    assert.deepEqual([answer.created, answer.refused, answer.rows[1].line], [1, 1, 2]);
  });

  test('extension attributes: brought, kept beside others, read and filtered as those of a user', async () => {
    const name = 'ext@contoso.edu';
    const results: unknown[] = [];
    for (const row of [
      { extensionAttribute1: 'S-1', extensionAttribute15: 'Last' },
      { extensionAttribute1: 'S-1' },
      { extensionAttribute1: 'S-2', mail: 'ext@example.org' },
      { extensionAttribute2: 'x'.repeat(1_025) },
    ]) {
      const answer = await server.call('/api/v1/users/import', {
        body: [{ userPrincipalName: name, ...row }],
      });
      assert.equal(answer.status, 200, answer.text);
      results.push(answer.body.rows[0].result);
    }
    assert.deepEqual(results, ['created', 'unchanged', 'updated', 'refused']);
    const filter = encodeURIComponent(`onPremisesExtensionAttributes/extensionAttribute1 eq 's-2'`);
    const { body: found } = await server.call(
      `/v1.0/users?$filter=${filter}&$select=userPrincipalName,onPremisesExtensionAttributes`,
    );
    const [user] = found.value;
    assert.equal(user.userPrincipalName, name);
    const { extensionAttribute1, extensionAttribute2, extensionAttribute15 } =
      user.onPremisesExtensionAttributes;
    assert.deepEqual([extensionAttribute1, extensionAttribute2, extensionAttribute15], ['S-2', null, 'Last']);
    const [edit] = await server.rows<{ before: unknown; after: unknown }>(
      `select before, after from hand_edit where after ->> 'extensionAttribute1' = 'S-2'`,
    );
    assert.deepEqual(edit, {
      before: { mail: null, extensionAttribute1: 'S-1' },
      after: { mail: 'ext@example.org', extensionAttribute1: 'S-2' },
    });
  });

  test('a body at fault imports nothing', async () => {
    const cases: [text: string, type: string, status: number, message: RegExp][] = [
      ['', 'text/csv', 400, /empty/],
      ['displayName\nX', 'text/csv', 400, /no column userPrincipalName/],
      ['userPrincipalName,shoeSize\na@b.c,1', 'text/csv', 400, /column "shoeSize" that is not known/],
      ['userPrincipalName,userprincipalname\na@b.c,1', 'text/csv', 400, /twice/],
      ['userPrincipalName\n"nat@contoso.edu', 'text/csv', 400, /Line 2 .* opens a quote/],
      ['userPrincipalName\n"nat@contoso.edu"x', 'text/csv', 400, /Line 2 .* text behind a closing quote/],
      ['{}', 'application/json', 400, /text\/csv, or a JSON array/],
      ['[{"userPrincipalName":"nat@contoso.edu","shoeSize":1}]', 'application/json', 400, /shoeSize/],
      ['nat@contoso.edu', 'text/plain', 415, /JSON/],
    ];
    for (const [text, type, status, message] of cases) {
      const answer = await send(text, type);
      assert.equal(answer.status, status, `${text} ${answer.text}`);
      assert.match(answer.body.error.message, message);
    }
    assert.equal((await server.rows(`select 1 from account where user_name = 'nat@contoso.edu'`)).length, 0);
  });

  test('more than a chunk, and no more than a hundred thousand', async () => {
    const line = (n: number): string => `bulk${n}@contoso.edu\n`;
    const many = `userPrincipalName\n${Array.from({ length: 4_500 }, (_, n) => line(n)).join('')}`;
    const first = await send(many);
    assert.equal(first.body.created, 4_500);
    assert.equal(first.body.rows[4_499].line, 4_501);
    assert.equal((await send(many)).body.unchanged, 4_500);
    const tooMany = await send(
      `userPrincipalName\n${Array.from({ length: 100_001 }, (_, n) => line(n)).join('')}`,
    );
    assert.equal(tooMany.status, 400);
    assert.match(tooMany.body.error.message, /more than 100000 rows/);
  });

  test('behind its permission', async () => {
    const { status } = await server.call('/api/v1/users/import', {
      body: [],
      permissions: ['EduRoster.Read.All'],
    });
    assert.equal(status, 403);
  });
});
