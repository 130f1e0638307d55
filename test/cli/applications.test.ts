import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);
const secretOf = (text: string): string => /clientSecret +(\S+)/u.exec(text)?.[1] ?? '';

async function signsIn(clientId: string, clientSecret: string): Promise<boolean> {
  const { exitCode } = await runCliHere(['token'], {
    env: {
      ROLLBOOK_URL: rollbook.baseUrl,
      ROLLBOOK_TENANT: rollbook.tenantId,
      ROLLBOOK_CLIENT_ID: clientId,
      ROLLBOOK_CLIENT_SECRET: clientSecret,
    },
  });
  return exitCode === 0;
}

test('an application from its first day to its last', async () => {
  const created = await cli('app', 'create', 'Timetable', '--permission', 'eduroster.read.all');
  assert.equal(created.exitCode, 0, created.stderr);
  const clientId = /clientId +(\S+)/u.exec(created.stdout)?.[1] ?? '';
  const first = secretOf(created.stdout);
  assert.match(
    (await cli('app', 'list')).stdout,
    /^Timetable +[0-9a-f-]{36} +in use +EduRoster\.Read\.All$/mu,
  );

  const updated = await cli(
    'app',
    'update',
    'timetable',
    '--name',
    'Plan',
    '--permission',
    'EduRoster.ReadBasic.All',
  );
  assert.equal(updated.stdout, `Updated: Plan (${clientId}): EduRoster.ReadBasic.All\n`);

  const rotated = await cli('app', 'rotate', clientId, '--grace-hours', '1');
  assert.match(rotated.stdout, /^New secret for Plan; the old one is valid until 20\S+\.\n {2}tenantId/u);
  assert.equal(rotated.stderr, '');
  const second = secretOf(rotated.stdout);
  assert.deepEqual([await signsIn(clientId, first), await signsIn(clientId, second)], [true, true]);
  const third = await cli('app', 'rotate', 'Plan');
  assert.equal(third.exitCode, 1);
  assert.match(third.stderr, /Two secrets of this application are valid until/u);
  const now = await cli('app', 'rotate', 'Plan', '--immediately', '--json');
  const made = JSON.parse(now.stdout) as { clientSecret: string; previousSecretEndDateTime: null };
  assert.equal(made.previousSecretEndDateTime, null);
  assert.deepEqual(
    [
      await signsIn(clientId, first),
      await signsIn(clientId, second),
      await signsIn(clientId, made.clientSecret),
    ],
    [false, false, true],
  );

  assert.equal((await cli('app', 'revoke', 'Plan')).stdout, `Revoked: Plan (${clientId})\n`);
  assert.ok(!(await signsIn(clientId, made.clientSecret)));
  const listed = JSON.parse((await cli('app', 'list', '--json')).stdout) as {
    applications: { clientId: string; revokedDateTime: string | null }[];
  };
  assert.equal(
    typeof listed.applications.find((one) => one.clientId === clientId)?.revokedDateTime,
    'string',
  );
  assert.match(
    (await cli('app', 'revoke', 'Plan')).stderr,
    /There is no application 'Plan'/u,
    'by name no more',
  );
});

test('what is wrong is said', async () => {
  const cases: [string[], number, RegExp][] = [
    [['app', 'update', 'Administrator'], 2, /Say what to change/u],
    [
      ['app', 'update', 'Administrator', '--permission', 'EduRoster.Reed.All'],
      2,
      /Did you mean EduRoster\.Read\.All\?/u,
    ],
    [
      ['app', 'update', 'Administrator', '--permission', 'EduRoster.Read.All'],
      1,
      /last application of this tenant that has/u,
    ],
    [
      ['app', 'revoke', 'Administrator'],
      1,
      /last application of this tenant that has Rollbook\.Tenant\.Manage.*\(Conflict, request/u,
    ],
    [['app', 'rotate', 'Administrater'], 1, /Did you mean Administrator\?/u],
    [['app', 'rotate', 'Administrator', '--grace-hours', '2161'], 2, /whole number from 0 to 2160/u],
    [['app', 'rotate', 'Administrator', '--grace-hours', '1', '--immediately'], 2, /not both/u],
    [
      ['app', 'rotat', 'x'],
      2,
      /rollbook app is one of: app create, app list, app update, app rotate, app revoke/u,
    ],
  ];
  for (const [argv, exitCode, message] of cases) {
    const result = await cli(...argv);
    assert.equal(result.exitCode, exitCode, argv.join(' '));
    assert.match(result.stderr, message);
  }
  await cli('app', 'create', 'Twice');
  await cli('app', 'create', 'twice');
  const twice = await cli('app', 'revoke', 'Twice');
  assert.equal(twice.exitCode, 2);
  assert.match(twice.stderr, /2 applications are named 'Twice'\. Use the id: [0-9a-f-]{36}, /u);
});

test('who changes the lock under their own feet is told', async () => {
  const rotated = await cli('app', 'rotate', 'Administrator');
  assert.equal(rotated.exitCode, 0);
  assert.match(
    rotated.stderr,
    /signs in as this very application: put the new secret into its credentials file/u,
  );
});
