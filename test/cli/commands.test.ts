import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { type CliResult, type CliRunOptions, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { testFolder } from '#test/helpers/roster-folder.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

function rollbookCli(argv: readonly string[], options: CliRunOptions = {}): Promise<CliResult> {
  return runCliHere([...argv, '--data-dir', rollbook.dataDir], options);
}

function jsonOf<T>(result: CliResult): T {
  assert.equal(result.exitCode, 0, result.stderr);
  return JSON.parse(result.stdout) as T;
}

test('profiles: create, list, delete', async () => {
  assert.match((await rollbookCli(['profile', 'list'])).stdout, /There is no profile yet/u);
  const created = await rollbookCli(['profile', 'create', 'North', '--create-users', 'contoso.com']);
  assert.equal(created.exitCode, 0, created.stderr);
  assert.match(
    created.stdout,
    /Created: North \(.*\)\n {2}students are created as <Username>@students\.contoso\.com/u,
  );
  const again = await rollbookCli(['profile', 'create', 'north']);
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /The profile 'north' exists already/u);
  const south = await rollbookCli([
    'profile',
    'create',
    'South',
    '--match',
    'Username=mail',
    '--accept-domain',
    'a.edu',
    '--accept-domain',
    'student:B.edu',
  ]);
  assert.equal(south.exitCode, 0, south.stderr);
  assert.deepEqual(
    await rollbook.rows(
      `select settings -> 'acceptedDomains' as domains from profile where display_name = 'South'`,
    ),
    [{ domains: { student: ['a.edu', 'b.edu'], teacher: ['a.edu'] } }],
  );

  const listed = await rollbookCli(['profile', 'list']);
  assert.match(listed.stdout, /^North +[0-9a-f-]{36} +provisioned +students are created/mu);
  assert.match(listed.stdout, /^South .* students are linked where <Username> is the mail of an account/mu);

  const status = await rollbookCli(['status']);
  assert.equal(status.exitCode, 6, 'never started counts as paused');
  assert.match(status.stdout, /North: paused/u);

  const ambiguous = await rollbookCli(['errors']);
  assert.equal(ambiguous.exitCode, 2);
  assert.match(ambiguous.stderr, /Say which profile with --profile <name or id>: .*North/u);
  const unknown = await rollbookCli(['errors', '--profile', 'West']);
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr, /There is no profile 'West'\. Profiles: .*South/u);

  const nothing = await rollbookCli(['resume', '--profile', 'North']);
  assert.equal(nothing.exitCode, 1);
  assert.match(nothing.stderr, /nothing to resume.*\(Conflict, request [0-9a-f-]{36}\)/u);
  const unstarted = await rollbookCli(['start', '--profile', 'North']);
  assert.equal(unstarted.exitCode, 1, unstarted.stdout);

  assert.match((await rollbookCli(['profile', 'delete', 'North'])).stdout, /Deleted: North/u);
  assert.doesNotMatch((await rollbookCli(['profile', 'list'])).stdout, /North.*provisioned/u);
  await rollbookCli(['profile', 'delete', 'South']);
});

test('token: one that works', async () => {
  const token = (await rollbookCli(['token'])).stdout.trim();
  const response = await fetch(`${rollbook.baseUrl}/beta/education/synchronizationProfiles`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200);
});

test('an application with its own secret reaches the service by ROLLBOOK_URL, and may do what it was given', async () => {
  const app = jsonOf<{ tenantId: string; clientId: string; clientSecret: string }>(
    await rollbookCli(['app', 'create', 'Reader', '--permission', 'eduadministration.read.all', '--json']),
  );
  const env = {
    ROLLBOOK_URL: rollbook.baseUrl,
    ROLLBOOK_TENANT: app.tenantId,
    ROLLBOOK_CLIENT_ID: app.clientId,
    ROLLBOOK_CLIENT_SECRET: app.clientSecret,
  };
  assert.equal((await runCliHere(['profile', 'list'], { env })).exitCode, 0);
  const refused = await runCliHere(['profile', 'create', 'X'], { env });
  assert.equal(refused.exitCode, 7);
  assert.match(refused.stderr, /does not allow this to the application/u);
  const wrong = await runCliHere(['profile', 'list'], { env: { ...env, ROLLBOOK_CLIENT_SECRET: 'no' } });
  assert.equal(wrong.exitCode, 7);
  assert.match(wrong.stderr, /does not accept the credentials of the application/u);
});

test('a tenant of its own sees nothing of the first', async () => {
  await rollbookCli(['profile', 'create', 'Mine']);
  const made = await rollbookCli([
    'tenant',
    'create',
    'Fabrikam',
    '--time-zone',
    'America/Chicago',
    '--json',
  ]);
  const tenant = jsonOf<{ tenantId: string; clientId: string; clientSecret: string }>(made);
  const options = [
    '--tenant',
    tenant.tenantId,
    '--client-id',
    tenant.clientId,
    '--client-secret',
    tenant.clientSecret,
  ];
  const listed = await rollbookCli(['profile', 'list', '--json', ...options]);
  assert.deepEqual(jsonOf<{ profiles: unknown[] }>(listed).profiles, []);
  const readable = await rollbookCli(['tenant', 'create', 'Third']);
  assert.match(readable.stdout, /clientSecret +\S+\n.*shown this once/u);
  await rollbookCli(['profile', 'delete', 'Mine']);
});

test('credentials in part are refused instead of signing in to another tenant', async () => {
  const other = '0198e000-0000-7000-8000-00000000000a';
  const byOption = await rollbookCli(['status', '--tenant', other]);
  assert.equal(byOption.exitCode, 2, byOption.stdout);
  assert.match(
    byOption.stderr,
    /belong together, and ROLLBOOK_CLIENT_ID and ROLLBOOK_CLIENT_SECRET are missing/u,
  );
  const byVariable = await rollbookCli(['status'], { env: { ROLLBOOK_TENANT: other } });
  assert.equal(byVariable.exitCode, 2, byVariable.stdout);
});

test('the file that --credentials names is used, whatever the environment says', async () => {
  const file = join(rollbook.dataDir, 'credentials.json');
  const env = { ROLLBOOK_TENANT: 'x', ROLLBOOK_CLIENT_ID: 'y', ROLLBOOK_CLIENT_SECRET: 'z' };
  const listed = await rollbookCli(['profile', 'list', '--credentials', file], { env });
  assert.equal(listed.exitCode, 0, listed.stderr);
  const beside = await rollbookCli(['profile', 'list', '--credentials', file, '--tenant', 'x']);
  assert.equal(beside.exitCode, 2);
  assert.match(beside.stderr, /leave out --tenant\./u);
  const marked = await testFolder('marked');
  try {
    await marked.write({ 'credentials.json': `\ufeff${await readFile(file, 'utf8')}` });
    const saved = ['--credentials', join(marked.path, 'credentials.json')];
    assert.equal(
      (await rollbookCli(['profile', 'list', ...saved])).exitCode,
      0,
      'as an editor of Windows saves it',
    );
  } finally {
    await marked.remove();
  }
});

test('status --watch shows changes until Ctrl-C, and then ends with 0', async () => {
  await rollbookCli(['profile', 'create', 'Watched']);
  const controller = new AbortController();
  let paused: Promise<CliResult> | undefined;
  const result = await rollbookCli(['status', '--watch', '--json', '--profile', 'Watched'], {
    interrupt: controller.signal,
    onOutput(stdout) {
      if (stdout.includes('never started')) paused ??= rollbookCli(['pause', '--profile', 'Watched']);
      if (stdout.includes('Paused since')) controller.abort();
    },
  });
  await paused;
  assert.equal(result.exitCode, 0);
  const lines = result.stdout.trim().split('\n');
  assert.equal(lines.length, 2);
  for (const line of lines)
    assert.equal((JSON.parse(line) as { displayName: string }).displayName, 'Watched');
  await rollbookCli(['profile', 'delete', 'Watched']);
});

test('status --watch ends when nobody reads it any more', async () => {
  await rollbookCli(['profile', 'create', 'Unread']);
  const result = await rollbookCli(['status', '--watch', '--profile', 'Unread'], { isUnread: true });
  assert.equal(result.exitCode, 0, result.stderr);
  await rollbookCli(['profile', 'delete', 'Unread']);
});

test('users import: rows become users, wrong ones are said by line', async () => {
  const folder = await testFolder('accounts');
  await folder.write({
    'accounts.csv':
      'userPrincipalName,displayName,mail\r\nann@contoso.example,Ann,ann@contoso.example\r\nbob@contoso.example,Bob,\r\n',
    'wrong.csv': 'userPrincipalName,displayName\r\nno-at-sign,Carl\r\ncarl@contoso.example,Carl\r\n',
  });
  try {
    const imported = await rollbookCli(['users', 'import', `${folder.path}/accounts.csv`]);
    assert.equal(imported.exitCode, 0, imported.stderr);
    assert.match(imported.stdout, /Users: 2 created, 0 updated, 0 unchanged\./u);
    const wrong = await rollbookCli(['users', 'import', `${folder.path}/wrong.csv`]);
    assert.equal(wrong.exitCode, 4, wrong.stdout + wrong.stderr);
    assert.match(wrong.stdout, /line 2: /u);
    assert.equal((await rollbookCli(['users', 'import', `${folder.path}/missing.csv`])).exitCode, 2);
  } finally {
    await folder.remove();
  }
});

test('reset: says what was forgotten, in words and as JSON; an unknown scope is refused by name', async () => {
  await rollbookCli(['profile', 'create', 'Resets', '--create-users', 'contoso.com']);
  const all = await rollbookCli(['reset', '--profile', 'Resets']);
  assert.equal(all.exitCode, 0, all.stderr);
  assert.match(
    all.stdout,
    /Reset: Resets\. Forgotten:\n {2}0 recorded errors\n {2}0 records in escrow\n.*the next sync compares.*\n.*needs all files\n.*not in quarantine\)\nNothing in the directory was changed\./u,
  );
  const some = jsonOf<{ reset: { scopes: string[] } }>(
    await rollbookCli(['reset', '--profile', 'Resets', '--scope', 'escrow', '--scope', 'errors', '--json']),
  );
  assert.deepEqual(some.reset.scopes, ['escrow', 'errors']);
  const unknown = await rollbookCli(['reset', '--profile', 'Resets', '--scope', 'directory']);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /--scope: There is no scope 'directory'\. Use errors, escrow/u);
  await rollbookCli(['profile', 'delete', 'Resets']);
});

test('what the system refuses is said with what to do, and without a stack', async () => {
  for (const [code, remedy] of [
    [
      'ENOSPC',
      /^Error: ENOSPC: refused, write\. The disk is full: make room; rollbook doctor says where\.\n$/,
    ],
    ['EACCES', /Run it as the user that it belongs to/],
    ['EROFS', /mount it for writing/],
  ] as const) {
    const refuse = (): Promise<never> =>
      Promise.reject(Object.assign(new Error(`${code}: refused, write`), { code, syscall: 'write' }));
    const { exitCode, stderr } = await runCliHere(['serve'], { deps: { startServer: refuse } });
    assert.equal(exitCode, 1);
    assert.match(stderr, remedy);
    const json = await runCliHere(['doctor', '--json'], { deps: { examine: refuse } });
    const { error } = JSON.parse(json.stdout) as { error: { code: string; message: string } };
    assert.deepEqual([json.exitCode, error.code], [1, code]);
    assert.match(`Error: ${error.message}\n`, remedy);
  }
});
