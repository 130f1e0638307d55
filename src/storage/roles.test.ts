import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { Client } from 'pg';
import { OperationalError } from '#lib/errors.ts';
import { emptyTestDatabase, TEST_APP_PASSWORD } from '#test/helpers/database.ts';
import { connectionStringFor } from './connection-string.ts';
import { migrate } from './migrate.ts';
import { missingStatements, prepareRoles } from './roles.ts';

const closings: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const close of closings.reverse()) await close();
});

async function asSuperuser(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A database and a login that is no superuser, as a hosting provider gives them. */
async function hostedDatabase(
  attributes: string,
): Promise<{ superuser: string; url: string; login: string }> {
  const { url: superuser, close } = await emptyTestDatabase();
  const login = `login_${randomBytes(4).toString('hex')}`;
  await asSuperuser(superuser, `create role ${login} login password 'x' ${attributes}`);
  closings.push(async () => {
    await close();
    const server = connectionStringFor(superuser, { database: 'postgres' });
    await asSuperuser(server, `drop role ${login}`);
  });
  return { superuser, login, url: connectionStringFor(superuser, { user: login, password: 'x' }) };
}

const prepare = (url: string, appPassword = TEST_APP_PASSWORD): ReturnType<typeof prepareRoles> =>
  prepareRoles({ url, appPassword, serverIsOurs: false });

test('a login that may not set up the roles is given the SQL, which then is enough', async () => {
  const hosted = await hostedDatabase('');
  let sql: string[] = [];
  await assert.rejects(prepare(hosted.url), (error) => {
    assert.ok(error instanceof OperationalError);
    assert.equal(error.code, 'DatabaseRolesMissing');
    assert.ok(!error.message.includes(TEST_APP_PASSWORD));
    sql = error.message.split('\n').filter((line) => line.startsWith('  '));
    return true;
  });
  assert.ok(sql.length > 0);
  await asSuperuser(hosted.superuser, ...sql);
  const address = await prepare(hosted.url);
  assert.ok((await migrate(address.ownerConnectionString)).applied.length > 0);
  assert.deepEqual((await migrate(address.ownerConnectionString)).applied, []);
});

test('a login that owns its database and may create roles needs nobody', async () => {
  const hosted = await hostedDatabase('createrole');
  // The roles exist on this server, made by another login: membership has to be given by somebody who may.
  const database = new URL(hosted.url).pathname.slice(1);
  await asSuperuser(
    hosted.superuser,
    `alter database ${database} owner to ${hosted.login}`,
    `grant rollbook_owner to ${hosted.login} with admin option`,
  );
  const address = await prepare(hosted.url);
  await migrate(address.ownerConnectionString);
});

test('on a bare server the statements are the two roles, membership and the right to make schemas', () => {
  const facts = {
    login: 'admin"x',
    database: 'school',
    has_owner: false,
    has_app: false,
    is_owner: false,
    may_create_schemas: false,
  };
  const statements = missingStatements(facts, 'secret').map((statement) =>
    statement.replace(/'SCRAM-SHA-256\$4096:[^']+'/, "'...'"),
  );
  assert.deepEqual(statements, [
    'create role rollbook_owner nologin',
    "create role rollbook_app login password '...'",
    'grant rollbook_owner to "admin""x"',
    'grant create on database "school" to rollbook_owner',
  ]);
});

test('the verifier that is sent instead of the password lets the password in', async () => {
  const { url } = await emptyDatabase();
  await prepareRoles({ url, appPassword: TEST_APP_PASSWORD, serverIsOurs: true });
  const client = new Client({
    connectionString: connectionStringFor(url, { user: 'rollbook_app', password: TEST_APP_PASSWORD }),
  });
  await client.connect();
  await client.end();
});

test('another SECRET_KEY does not take the role away from those who use it', async () => {
  const { url } = await emptyDatabase();
  await prepare(url);
  await assert.rejects(prepare(url, 'of-another-key'), { code: 'DatabaseRolePassword' });
  await prepare(url);
});

test('a server that is not there is said, without the password', async () => {
  await assert.rejects(prepare('postgresql://me:hidden@127.0.0.1:1/none'), (error) => {
    assert.ok(error instanceof OperationalError);
    assert.equal(error.code, 'DatabaseUnreachable');
    assert.equal(error.retry, 'retry');
    assert.ok(!error.message.includes('hidden'));
    return true;
  });
});

async function emptyDatabase(): Promise<{ url: string }> {
  const { url, close } = await emptyTestDatabase();
  closings.push(close);
  return { url };
}
