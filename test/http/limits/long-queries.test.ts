/** A query whose answer nobody would get any more is ended: it keeps a connection to the database from everybody else. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { asOwner } from '#storage/database.ts';
import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';

let server: RosterServer;
before(async () => {
  server = await rosterServer({ settings: { statementMs: 100 } });
});
after(() => server.close());

const PATHS = [
  '/v1.0/education/users?$search=ann',
  '/v1.0/education/users/$count',
  '/v1.0/education/classes/0198e000-0000-7000-8000-00000000000a/members',
  '/beta/users?$orderby=displayName',
];

test('a query that takes too long is a 400 that says what to do', async () => {
  await asOwner(server.db, async (tx) => {
    // Whoever reads people waits.
    await tx.query('lock table person in access exclusive mode');
    for (const path of PATHS) {
      const { status, body } = await server.call(path);
      assert.deepEqual([status, body.error.code], [400, 'Request_UnsupportedQuery'], path);
      assert.match(body.error.message, /takes too long\. Ask for less/);
    }
  });
  assert.equal((await server.call('/v1.0/education/users')).status, 200);
  assert.deepEqual(
    server.log.filter((line) => line.includes('"level":50')),
    [],
  );
});
