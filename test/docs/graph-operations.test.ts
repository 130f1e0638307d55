/** docs/spec/graph-compat.md lists what is served, and each operation takes the options that stand beside it, and no other. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { rosterServer, type RosterServer } from '#test/helpers/roster-server.ts';
import { seedDirectory } from '#test/helpers/seed-directory.ts';

import { graphOperations, operationRows } from '../../scripts/graph-operations.ts';

const operations = await graphOperations();
/** A value that every operation understands. */
const VALUES: Readonly<Record<string, string>> = {
  $select: 'id',
  $filter: 'id ne null',
  $search: 'a',
  $orderby: 'id',
  $top: '1',
  $skip: '0',
  $count: 'true',
  $deltatoken: 'latest',
};

let server: RosterServer;
let ids: Readonly<Record<string, string>>;
before(async () => {
  server = await rosterServer();
  const { schools, classes, users } = await seedDirectory(server.db, server.tenantId);
  ids = {
    'education/schools': schools.contoso,
    'directory/administrativeUnits': schools.contoso,
    'education/classes': classes.algebra,
    groups: classes.algebra,
    'education/users': users.anna,
    users: users.anna,
    organization: server.tenantId,
    'education/synchronizationProfiles': await server.provisioned(),
  };
});
after(() => server.close());

test('the table in the documents is that of the server', async () => {
  const page = await readFile(
    fileURLToPath(new URL('../../docs/spec/graph-compat.md', import.meta.url)),
    'utf8',
  );
  const [, table = ''] = /<!-- operations -->([^]*?)Not served/u.exec(page) ?? [];
  const listed = table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  assert.deepEqual(listed, operationRows(operations));
});

const permissions = ['EduRoster.ReadWrite.All', 'EduAdministration.ReadWrite.All', 'Directory.Read.All'];

/** Only what needs no more than the id of its first object. */
const readable = operations.filter(
  ({ method, path }) =>
    method === 'GET' && (path.match(/:/gu) ?? []).length <= 1 && !path.startsWith('/education/me'),
);

for (const { version, path, queryOptions } of readable) {
  test(`GET /${version}${path}`, async () => {
    const set = path.slice(1).replace(/\/:id.*$/u, '');
    const address = `/${version}${path.replace(':id', ids[set] ?? '')}`;
    const plain = await server.call(address, { permissions });
    assert.ok(plain.status === 200 || plain.status === 204, `${plain.status} ${plain.text.slice(0, 200)}`);
    for (const [option, value] of Object.entries(VALUES)) {
      const { status, body } = await server.call(`${address}?${option}=${encodeURIComponent(value)}`, {
        permissions,
      });
      if (queryOptions.includes(option)) assert.equal(status, 200, `${option}: ${JSON.stringify(body)}`);
      else {
        assert.equal(status, 400, option);
        assert.equal(body.error.code, 'Request_UnsupportedQuery', option);
      }
    }
  });
}
