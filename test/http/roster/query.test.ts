import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory, seedStudents, type SeededDirectory } from '#test/helpers/seed-directory.ts';

let server: RosterServer;
let seeded: SeededDirectory;
before(async () => {
  server = await rosterServer();
  seeded = await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

type Name = keyof SeededDirectory['users'];
const namesOf = (body: { value: { id: string }[] }): string[] =>
  body.value
    .map(({ id }) => Object.entries(seeded.users).find(([, known]) => known === id)?.[0] ?? id)
    .sort();
const users = (filter: string, version = 'v1.0') =>
  server.call(`/${version}/education/users?$filter=${encodeURIComponent(filter)}`);

describe('$filter', () => {
  const cases: [filter: string, expected: Name[]][] = [
    ["primaryRole eq 'student'", ['anna', 'ben']],
    ["primaryRole ne 'student'", ['clara', 'dora']],
    ["primaryRole eq 'unknownFutureValue'", ['dora']],
    ["startswith(displayName,'A')", ['anna']],
    ["startswith(displayName,'a')", ['anna']],
    ["startswith(displayName,'Ben_')", ['ben']],
    ["startswith(displayName,'%')", []],
    ["startswith(displayName,'B__')", []],
    ["contains(displayName,'_50%')", ['ben']],
    ["endswith(displayName,'beane')", ['clara']],
    ["displayName eq 'Anna O''Brien'", ['anna']],
    ["displayName eq 'anna o''brien'", ['anna']],
    ["displayName eq ''' or 1=1 --'", []],
    ["displayName eq '\\'' or true --'", []],
    ["displayName eq '$1'; drop table person; --'", []],
    ["userPrincipalName eq 'ANNA@contoso.edu'", ['anna']],
    ["student/externalId eq '13001' or teacher/externalId eq '14001'", ['anna', 'clara']],
    ["student/grade eq '9' and student/gender eq 'female'", ['anna']],
    ['student/birthDate ge 2011-04-02 and student/birthDate lt 2011-04-03', ['anna']],
    ['surname eq null', ['ben', 'dora']],
    ['surname ne null', ['anna', 'clara']],
    ["surname ne 'Beane'", ['anna', 'ben', 'dora']],
    ["not (surname eq 'Beane')", ['anna', 'ben', 'dora']],
    ["not (surname eq 'Beane' or primaryRole eq 'student')", ['dora']],
    ["surname in ('Beane', null)", ['ben', 'clara', 'dora']],
    ["accountEnabled eq true and startswith(mail,'c')", ['clara']],
    ["mailingAddress/city eq 'redmond'", ['anna']],
    ["externalSource eq 'manual'", ['dora']],
    ["relatedContacts/any(c:c/relationship eq 'parent' and startswith(c/displayName,'o'))", ['anna']],
    ["not relatedContacts/any(c:c/displayName eq 'Olga')", ['ben', 'clara', 'dora']],
    ['relatedContacts/any()', ['anna']],
    ["assignedLicenses/any(l:l/skuId eq 'x')", []],
    ["classes/any(c:c/externalId eq '11001')", ['anna', 'ben', 'clara']],
    ["taughtClasses/any(c:c/displayName eq 'Biology')", ['clara']],
    ["schools/any(s:s/externalId eq '10001') and not taughtClasses/any()", ['anna', 'ben']],
  ];
  for (const [filter, expected] of cases) {
    test(filter, async () => {
      const { status, body } = await users(filter);
      if (filter.includes('drop table')) {
        assert.equal(status, 400);
        return;
      }
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(namesOf(body), expected);
    });
  }

  test('by id, quoted as Graph writes ids', async () => {
    const { body } = await users(`id eq '${seeded.users.anna.toUpperCase()}'`);
    assert.deepEqual(namesOf(body), ['anna']);
  });

  test('schools and classes by externalId', async () => {
    const schools = await server.call("/beta/education/schools?filter=externalId%20eq%20'10001'");
    assert.deepEqual(
      schools.body.value.map(({ id }: { id: string }) => id),
      [seeded.schools.contoso],
    );
    const classes = await server.call("/v1.0/education/classes?$filter=course/subject+eq+'math'");
    assert.deepEqual(
      classes.body.value.map(({ id }: { id: string }) => id),
      [seeded.classes.algebra],
    );
  });

  test('of related objects', async () => {
    const filter = encodeURIComponent("primaryRole eq 'student'");
    const { body } = await server.call(
      `/v1.0/education/classes/${seeded.classes.algebra}/members?$filter=${filter}`,
    );
    assert.deepEqual(namesOf(body), ['anna', 'ben']);
  });

  test('a bad one is refused with its position', async () => {
    const cases: [filter: string, code: string, message: RegExp][] = [
      ['displayName eq', 'BadRequest', /at position 15 a value was expected/],
      ["displayName like 'A%'", 'BadRequest', /at position 13 an operator/],
      [
        "nickname eq 'A'",
        'BadRequest',
        /no property named "nickname" on type "microsoft.graph.educationUser"/,
      ],
      ["primaryRole eq 'faculty'", 'BadRequest', /one of 'student', 'teacher', 'none', 'unknownFutureValue'/],
      ['year(student/birthDate) eq 2011', 'Request_UnsupportedQuery', /function "year" .* is not supported/],
      ['department eq null', 'Request_UnsupportedQuery', /"department" cannot be used/],
      ["displayName eq 'a\0'", 'BadRequest', /U\+0000/],
    ];
    for (const [filter, code, message] of cases) {
      const { status, body } = await users(filter);
      assert.deepEqual([status, body.error.code], [400, code], filter);
      assert.match(body.error.message, message);
    }
    assert.deepEqual(namesOf((await users("primaryRole eq 'faculty'", 'beta')).body), ['dora']);
  });
});

describe('other query options', () => {
  test('collections carry their context, with what was selected', async () => {
    const { body } = await server.call('/v1.0/education/schools?$select=id,displayName&$top=1');
    assert.equal(
      body['@odata.context'],
      `${server.baseUrl}/v1.0/$metadata#education/schools(id,displayName)`,
    );
    assert.deepEqual(Object.keys(body.value[0]), ['id', 'displayName']);
    const plain = await server.call('/v1.0/education/schools');
    assert.equal(plain.body['@odata.context'], `${server.baseUrl}/v1.0/$metadata#education/schools`);
    assert.equal('@odata.nextLink' in plain.body, false);
  });

  test('$count, on the first page alone', async () => {
    const { body } = await server.call('/v1.0/education/users?$count=true&$top=2');
    assert.equal(body['@odata.count'], 4);
    const second = await server.call(body['@odata.nextLink']);
    assert.equal('@odata.count' in second.body, false);
    assert.equal(second.body.value.length, 2);
  });

  test('$orderby, up and down, over pages', async () => {
    // Those without a surname come first, in the order of their ids.
    const withoutSurname = (['ben', 'dora'] as const).toSorted((a, b) =>
      seeded.users[a] < seeded.users[b] ? -1 : 1,
    );
    for (const [order, expected] of [
      ['surname', [...withoutSurname, 'clara', 'anna']],
      ['displayName desc', ['dora', 'clara', 'ben', 'anna']],
      ['primaryRole,displayName desc', ['ben', 'anna', 'clara', 'dora']],
      ['accountEnabled desc,student/birthDate desc,displayName', ['anna', 'ben', 'clara', 'dora']],
    ] as const) {
      const read: string[] = [];
      let link: string | undefined = `/v1.0/education/users?$orderby=${order}&$top=1`;
      while (link !== undefined) {
        const { body }: { body: { value: { id: string }[]; '@odata.nextLink'?: string } } =
          await server.call(link);
        read.push(...namesOf(body));
        link = body['@odata.nextLink'];
      }
      assert.deepEqual(read, expected, order);
    }
  });

  test('$skip passes rows over once, at the beginning', async () => {
    const all = await server.call('/v1.0/education/users?$orderby=displayName');
    const { body } = await server.call('/v1.0/education/users?$orderby=displayName&$skip=1&$top=2');
    assert.deepEqual(body.value, all.body.value.slice(1, 3));
    assert.equal(body['@odata.nextLink'].includes('skip='), false);
    const rest = await server.call(body['@odata.nextLink']);
    assert.deepEqual(rest.body.value, all.body.value.slice(3));
    assert.deepEqual((await server.call('/v1.0/education/users?$skip=100')).body.value, []);
    const both = await server.call(`${body['@odata.nextLink']}&$skip=1`);
    assert.deepEqual([both.status, both.body.error.target], [400, '$skip']);
  });

  test('$search finds what begins a word', async () => {
    const cases: [search: string, expected: Name[]][] = [
      ['"displayName:brien"', ['anna']],
      ['"displayName:rien"', []],
      ['"displayName:o\'br"', ['anna']],
      ['anna', ['anna']],
      ['"displayName:ANNA" OR "surname:beane"', ['anna', 'clara']],
      ['"userPrincipalName:contoso" NOT "displayName:anna"', ['ben', 'clara', 'dora']],
      ['"anna contoso"', ['anna']],
      ['"displayName:%"', []],
    ];
    for (const [search, expected] of cases) {
      const { status, body } = await server.call(
        `/v1.0/education/users?$search=${encodeURIComponent(search)}`,
      );
      if (search.includes('%')) {
        assert.equal(status, 400);
        continue;
      }
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(namesOf(body), expected, search);
    }
    const filtered = await server.call(
      "/v1.0/education/users?$search=contoso&$filter=primaryRole%20eq%20'teacher'&$count=true",
    );
    assert.deepEqual([namesOf(filtered.body), filtered.body['@odata.count']], [['clara'], 1]);
  });

  test('/$count counts, filtered or not', async () => {
    const { users, classes } = seeded;
    const cases: [path: string, expected: string][] = [
      ['/v1.0/education/users/$count', '4'],
      ["/beta/education/USERS/%24count?$filter=primaryRole eq 'student'", '2'],
      ['/v1.0/education/users/$count?$search=anna', '1'],
      ['/v1.0/education/schools/$count', '2'],
      [`/v1.0/education/classes/${classes.algebra}/members/$count`, '3'],
      [`/v1.0/education/classes/${classes.algebra}/teachers/$count`, '1'],
      [`/v1.0/education/users/${users.dora}/classes/$count`, '0'],
    ];
    for (const [path, expected] of cases) {
      const answer = await server.call(path);
      assert.deepEqual([answer.status, answer.text], [200, expected], path);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/plain/);
    }
    const gone = await server.call(`/v1.0/education/classes/${classes.ended}/members/$count`);
    assert.equal(gone.status, 404);
    const top = await server.call('/v1.0/education/users/$count?$top=1');
    assert.equal(top.body.error.code, 'Request_UnsupportedQuery');
  });

  test('what is not taken is refused, never ignored', async () => {
    for (const [query, code] of [
      ['$expand=members', 'Request_UnsupportedQuery'],
      ['$expand=classes($expand=members)', 'Request_UnsupportedQuery'],
      ['$skip=-5', 'BadRequest'],
      ['$search="nickname:x"', 'BadRequest'],
      ['$search="accountEnabled:true"', 'Request_UnsupportedQuery'],
      ['$format=json', 'Request_UnsupportedQuery'],
      ['foo=bar', 'BadRequest'],
      ['$top=0', 'BadRequest'],
      ['$top=1001', 'BadRequest'],
      ['$top=-1', 'BadRequest'],
      ['$top=5&top=6', 'BadRequest'],
      ['$select=nothing', 'BadRequest'],
      ['$filter=%zz', 'BadRequest'],
      ['$filter=%ff', 'BadRequest'],
      [`$filter=${'('.repeat(5_000)}`, 'BadRequest'],
    ] as const) {
      const { status, body } = await server.call(`/v1.0/education/users?${query}`);
      assert.deepEqual([status, body.error.code], [400, code], query);
    }
    const single = await server.call(`/v1.0/education/users/${seeded.users.anna}?$top=1`);
    assert.deepEqual([single.status, single.body.error.code], [400, 'Request_UnsupportedQuery']);
  });
});

describe('paging', () => {
  test('every row exactly once, while rows are added', async () => {
    const before = await seedStudents(server.db, server.tenantId, 60);
    const seen: string[] = [];
    let link: string | undefined = '/v1.0/education/users?%24top=7&$select=id';
    let pages = 0;
    while (link !== undefined) {
      const {
        body,
        status,
      }: { body: { value: { id: string }[]; '@odata.nextLink'?: string }; status: number } =
        await server.call(link);
      assert.equal(status, 200);
      assert.ok(body.value.length <= 7);
      seen.push(...body.value.map(({ id }) => id));
      link = body['@odata.nextLink'];
      if (link !== undefined) {
        const url = new URL(link);
        assert.equal(url.origin, server.baseUrl);
        assert.equal(url.searchParams.get('$top'), '7');
        assert.equal(url.searchParams.get('$select'), 'id');
      }
      pages += 1;
      if (pages < 5) await seedStudents(server.db, server.tenantId, 3);
    }
    assert.equal(new Set(seen).size, seen.length);
    for (const id of before) assert.ok(seen.includes(id));
    assert.ok(seen.length >= before.length + Object.keys(seeded.users).length - 1);
  });

  test('100 rows unless asked otherwise', async () => {
    await seedStudents(server.db, server.tenantId, 100);
    const { body } = await server.call('/v1.0/education/users');
    assert.equal(body.value.length, 100);
    assert.ok(body['@odata.nextLink']);
    assert.equal((await server.call('/v1.0/education/users?$top=1000')).body.value.length, 176);
  });

  test('a token of another query, another tenant, or none of ours is refused', async () => {
    const first = await server.call("/v1.0/education/users?$top=1&$filter=primaryRole%20eq%20'student'");
    const link = new URL(first.body['@odata.nextLink']);
    const token = link.searchParams.get('$skiptoken') ?? '';
    assert.equal((await server.call(link.href)).status, 200);
    assert.equal(
      (await server.call(link.href.replace('primaryRole%20eq', 'PRIMARYROLE++EQ'))).status,
      200,
      'the same filter in another spelling',
    );
    const changed = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`;
    const refused: [string, string?][] = [
      [`/v1.0/education/users?$skiptoken=${token}`],
      [`/v1.0/education/users?$filter=primaryRole%20eq%20'teacher'&$skiptoken=${token}`],
      [`/beta/education/users?$filter=primaryRole%20eq%20'student'&$skiptoken=${token}`],
      [`/v1.0/education/classes?$skiptoken=${token}`],
      [link.href, server.otherTenantId],
      [link.href.replace(token, changed)],
      [link.href.replace(token, 'abc')],
      [link.href.replace(token, realSystem.newId())],
    ];
    for (const [url, tenantId] of refused) {
      const { status, body } = await server.call(url, tenantId === undefined ? {} : { tenantId });
      assert.deepEqual([status, body.error.code], [400, 'BadRequest'], url);
      assert.match(body.error.message, /\$skiptoken is not one that this query gave/);
    }
  });

  test('an ordered page tells no name in its link', async () => {
    const { body } = await server.call('/v1.0/education/users?$orderby=displayName&$top=1');
    const token = new URL(body['@odata.nextLink']).searchParams.get('$skiptoken') ?? '';
    assert.equal(Buffer.from(token, 'base64url').toString('latin1').toLowerCase().includes('anna'), false);
  });
});
