/** rollbook users show: a person as a sync left them, for people and for scripts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const FILES: Readonly<Record<string, string>> = {
  'school.csv': 'SIS ID,Name\r\nS1,North School\r\n',
  'section.csv': 'SIS ID,School SIS ID,Section Name\r\nK1,S1,Biology\r\nK2,S1,Chess\r\n',
  'student.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password,Grade,Birthdate,Gender,FederalRace,Secondary Email\r\n' +
    'P1,S1,Ada,Alder\u202e,ada,Start-1234,9,2011-04-02,F,secret-word,ada@home.example\r\n',
  'teacher.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Password\r\nT1,S1,Cleo,Cedar,cleo,Start-1234\r\n',
  'studentenrollment.csv': 'Section SIS ID,SIS ID\r\nK1,P1\r\nK2,P1\r\n',
  'teacherroster.csv': 'Section SIS ID,SIS ID\r\nK1,T1\r\n',
  'user.csv': 'Email,First Name,Last Name,Phone,SIS ID\r\nolga@home.example,Olga,Alder,555 0100,G1\r\n',
  'guardianrelationship.csv': 'SIS ID,Email,Role\r\nP1,olga@home.example,Parent\r\n',
};

let rollbook: TestRollbook;
let client: SyncClient;
let profile: string;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  profile = await client.createProfile();
  const status = await client.sync(profile, FILES);
  assert.equal(status.status, 'success', status.statusMessage);
});
after(() => rollbook.stop());

const show = (...argv: string[]): Promise<CliResult> =>
  runCliHere(['users', 'show', ...argv, '--data-dir', rollbook.dataDir]);
const ADA = 'ada@students.contoso.example';

test('for people: account, roles, classes, contacts, and nothing that needs protection', async () => {
  const { exitCode, stdout, stderr } = await show(ADA.toUpperCase());
  assert.equal(exitCode, 0, stderr);
  const lines = stdout.split('\n');
  assert.equal(lines[0], 'Ada Alder\u{fffd}', 'what turns a text around does not reach the terminal');
  for (const line of [
    /^id +[0-9a-f-]{36}$/mu,
    /^account +ada@students\.contoso\.example$/mu,
    /^student +P1, grade 9$/mu,
    /^secondaryEmail +ada@home\.example$/mu,
    /\nRoles\norg +role +grade\nNorth School +student +9\n/u,
    /\nClasses\nclass +role\nBiology +student\nChess +student\n/u,
    /\nContacts\nrelationship +name +e-mail +phone\nparent +Olga Alder +olga@home\.example +555 0100\n/u,
  ])
    assert.match(stdout, line);
  assert.doesNotMatch(stdout, /2011-04-02|secret-word|Demographics/u);
});

test('--demographics: when it is asked for', async () => {
  const { stdout } = await show(ADA, '--demographics');
  assert.match(stdout, /\nDemographics\nbirthDate +2011-04-02\nsex +F\nfederalRace +secret-word\n$/u);
  const { stdout: none } = await show('cleo@contoso.example', '--demographics');
  assert.match(none, /\nDemographics\nNothing is known\.\n$/u);
});

test('--json, by id', async () => {
  const [teacher] = await rollbook.rows(`select id from person where teacher_external_id = 'T1'`);
  const { stdout } = await show(String(teacher?.['id']), '--json');
  const document = JSON.parse(stdout) as Record<string, Record<string, unknown>[]>;
  assert.deepEqual(Object.keys(document), ['user', 'roles', 'enrollments', 'contacts']);
  assert.deepEqual(
    document['enrollments']?.map((place) => [
      (place['class'] as Record<string, unknown>)['externalId'],
      place['roleName'],
    ]),
    [['K1', 'teacher']],
  );
  const withMore = JSON.parse((await show(ADA, '--json', '--demographics')).stdout) as Record<
    string,
    unknown
  >;
  assert.deepEqual(withMore['demographics'], {
    userId: (withMore['user'] as Record<string, unknown>)['id'],
    birthDate: '2011-04-02',
    sex: 'F',
    attributes: { federalRace: 'secret-word' },
  });
});

test('--inactive: what has ended', async () => {
  const files = { ...FILES, 'studentenrollment.csv': 'Section SIS ID,SIS ID\r\nK1,P1\r\n' };
  const status = await client.sync(profile, files);
  assert.equal(status.status, 'success', status.statusMessage);
  assert.doesNotMatch((await show(ADA)).stdout, /Chess/u);
  assert.match((await show(ADA, '--inactive')).stdout, /^Chess +student +ended$/mu);
});

test('nobody by that name, and an application that may not', async () => {
  const nobody = await show('eve@contoso.example');
  assert.equal(nobody.exitCode, 1);
  assert.match(nobody.stderr, /Resource 'eve@contoso\.example' does not exist/u);
  const options = ['--permission', 'Directory.Read.All', '--json', '--data-dir', rollbook.dataDir];
  const made = await runCliHere(['app', 'create', 'Directory', ...options]);
  const app = JSON.parse(made.stdout) as Record<'tenantId' | 'clientId' | 'clientSecret', string>;
  const env = {
    ROLLBOOK_URL: rollbook.baseUrl,
    ROLLBOOK_TENANT: app.tenantId,
    ROLLBOOK_CLIENT_ID: app.clientId,
    ROLLBOOK_CLIENT_SECRET: app.clientSecret,
  };
  assert.equal((await runCliHere(['users', 'show', ADA], { env })).exitCode, 0);
  const refused = await runCliHere(['users', 'show', ADA, '--demographics'], { env });
  assert.equal(refused.exitCode, 7);
  assert.match(refused.stderr, /needs EduRoster\.Read\.All or EduRoster\.ReadWrite\.All/u);
  assert.equal(refused.stdout, '');
});
