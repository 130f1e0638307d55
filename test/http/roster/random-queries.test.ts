/** Whatever stands behind the question mark: an answer or a 4xx in Graph's shape, soon. ROLLBOOK_QUERIES: how many (10,000; `npm run soak`: 1,000,000). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { parseQueryOptions, QUERY_OPTIONS, type QueryOptions } from '#core/query/query-options.ts';
import { OperationalError } from '#lib/errors.ts';
import { Binder, filterToSql } from '#storage/views/filter-to-sql.ts';
import { directoryViews } from '#storage/views/directory-views.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory } from '#test/helpers/seed-directory.ts';

const CASES = Number(process.env['ROLLBOOK_QUERIES'] ?? '10000');
/** Those that go through the server and PostgreSQL. */
const REQUESTS = Math.ceil(CASES / 10);
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

const views = directoryViews('beta');
const users = Object.keys(views.users.properties);
const word = fc.constantFrom(
  ...users,
  'eq',
  'ne',
  'gt',
  'in',
  'and',
  'or',
  'not',
  'startswith',
  'contains',
  'any',
  'asc',
  'desc',
  'null',
  'true',
  'AND',
  'OR',
  'NOT',
  'classes',
  'schools',
  'relatedContacts',
  'relatedContacts/any',
  'classes/any',
  'c',
  'c:',
  'c/displayName',
  '$select=',
  '*',
  "'a'",
  "''",
  "'student'",
  '2011-04-02',
  '2026-01-01T00:00:00Z',
  '1',
  '-1',
  '1e9',
  '999999999999999999999',
  '0',
  '(',
  ')',
  ',',
  ';',
  ':',
  "'",
  '"',
  '"displayName:a"',
  '/',
  '$',
  '%',
  '\\',
  '\0',
  '\uD800',
  'ß',
  '😀',
);
const text = fc.oneof(
  { weight: 4, arbitrary: fc.array(word, { maxLength: 14 }).map((words) => words.join(' ')) },
  { weight: 2, arbitrary: fc.array(word, { maxLength: 14 }).map((words) => words.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);
/** Close to what clients send: most of it is right. */
const sensible: Readonly<Record<string, fc.Arbitrary<string>>> = {
  $filter: fc
    .array(
      fc.constantFrom(
        "startswith(displayName,'a')",
        "student/grade eq '9'",
        'student/birthDate ge 2011-04-02',
        'accountEnabled eq true',
        "primaryRole in ('student','teacher')",
        "relatedContacts/any(c:c/relationship eq 'parent')",
        "classes/any(c:startswith(c/displayName,'a'))",
        'surname ne null',
        "id eq '018f0000-0000-7000-8000-000000000000'",
      ),
      { minLength: 1, maxLength: 5 },
    )
    .chain((parts) => fc.constantFrom(' and ', ' or ', ' and not ').map((joint) => parts.join(joint))),
  $search: fc.constantFrom('"displayName:a"', 'anna', '"a" OR "b"', '"a" AND NOT "mail:b"', '('),
  $orderby: fc
    .array(fc.constantFrom('displayName', 'surname desc', 'student/birthDate', 'accountEnabled desc', 'id'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join(',')),
  $select: fc.subarray(users, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(',')),
  $expand: fc.constantFrom(
    'classes',
    'schools($select=id)',
    'classes,schools',
    'user($select=displayName)',
    'members',
  ),
  $top: fc.constantFrom('1', '2', '1000', '0', '-1'),
  $skip: fc.constantFrom('0', '3', '999999999', '-1'),
  $count: fc.constantFrom('true', 'false', 'maybe'),
  $skiptoken: fc.string({ maxLength: 100 }),
};
const option = fc
  .constantFrom(...QUERY_OPTIONS, '$format', '$deltatoken', '$id', 'x')
  .chain((name) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof({ weight: 3, arbitrary: sensible[name] ?? text }, { weight: 1, arbitrary: text }),
    ),
  );
const query = fc.uniqueArray(option, { selector: ([name]) => name, maxLength: 4 });

test(`options are read or refused (seed ${SEED})`, () => {
  let read = 0;
  fc.assert(
    fc.property(query, (pairs) => {
      let options: QueryOptions;
      try {
        options = parseQueryOptions(pairs, views.users);
      } catch (error) {
        assert.ok(error instanceof OperationalError, String(error));
        assert.ok(error.message.length < 1_000);
        return;
      }
      read += 1;
      if (options.filter !== undefined)
        assert.equal(typeof filterToSql(options.filter, views.users, new Binder()), 'string');
    }),
    { numRuns: CASES, seed: SEED },
  );
  assert.ok(read > CASES / 20, `only ${read} of ${CASES} were read: the cases are too wild to tell anything`);
});

let server: RosterServer;
before(async () => {
  server = await rosterServer();
  await seedDirectory(server.db, server.tenantId);
});
after(() => server.close());

test(`requests are answered, never with a 5xx (seed ${SEED})`, async () => {
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        '/v1.0/education/users',
        '/beta/education/users',
        '/beta/users',
        '/v1.0/education/users/$count',
        '/v1.0/education/users/delta',
      ),
      query,
      async (path, pairs) => {
        const encoded = pairs
          .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
          .join('&');
        const { status, body } = await server.call(`${path}?${encoded}`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        assert.ok(status === 200 || (status >= 400 && status < 500), `${status}`);
        if (status === 200) return;
        assert.equal(typeof body.error.code, 'string');
        assert.ok(body.error.message.length > 0);
        assert.equal(body.error.innerError['request-id'].length, 36);
      },
    ),
    { numRuns: REQUESTS, seed: SEED },
  );
  assert.ok((statuses.get(200) ?? 0) > REQUESTS / 20, JSON.stringify([...statuses]));
});

test('a very long one is refused at once', async () => {
  for (const value of [
    '('.repeat(14_000),
    'not '.repeat(3_500),
    `displayName eq '${'a'.repeat(14_000)}'`,
    'a,'.repeat(7_000),
  ]) {
    for (const name of ['$filter', '$search', '$orderby', '$expand', '$select']) {
      const { status, body } = await server.call(
        `/v1.0/education/users?${name}=${value.replaceAll(' ', '+')}`,
      );
      assert.ok(status === 400 || status === 431 || status === 414, `${name}: ${status}`);
      assert.equal(typeof body.error.message, 'string');
    }
  }
});
