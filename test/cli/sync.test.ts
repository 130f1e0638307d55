import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { type CliResult, type CliRunOptions, runCliHere } from '#test/helpers/cli-run.ts';
import { zipOf } from '#test/helpers/make-zip.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type TestFolder, testFolder } from '#test/helpers/roster-folder.ts';
import { shellWords } from '#test/helpers/shell-words.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';

let rollbook: TestRollbook;
let folder: TestFolder;
let number = 0;
let name = '';

before(async () => {
  rollbook = await startTestRollbook();
  folder = await testFolder('export');
});
after(async () => {
  await rollbook.stop();
  await folder.remove();
});
beforeEach(() => {
  number += 1;
  name = `High school ${number}`;
});

function rollbookCli(argv: readonly string[], options: CliRunOptions = {}): Promise<CliResult> {
  return runCliHere([...argv, '--data-dir', rollbook.dataDir], options);
}

/** Each test has people of its own: a domain per profile. */
function sync(...more: string[]): Promise<CliResult> {
  return rollbookCli(['sync', folder.path, '--profile', name, ...more]);
}

function jsonOf<T>(result: CliResult): T {
  return JSON.parse(result.stdout) as T;
}

/** The command that the output tells the user to type next, run as it stands. */
function typeWhatItSays(result: CliResult, command = 'resume'): Promise<CliResult> {
  const line = result.stdout.split('\n').find((text) => text.startsWith(`  rollbook ${command} `));
  assert.ok(line, `no command in: ${result.stdout}`);
  return runCliHere(shellWords(line).slice(1));
}

test('a first sync creates profile and people, a second writes nothing, a third just the changes', async () => {
  const roster = smallRoster({ schools: 1, sections: 2, students: 4 });
  await folder.write(roster);
  const first = await sync();
  assert.equal(first.stderr.includes('Error'), false, first.stderr);
  assert.equal(first.exitCode, 0, first.stdout);
  assert.match(first.stdout, /Profile: High school 1 \(.*\), created/u);
  assert.match(first.stdout, /students are created as <Username>@students\.high-school-1\.example/u);
  assert.match(first.stdout, /Uploaded: 6 files/u);
  assert.match(first.stdout, /^schools +1 +1 +0 +0 +0$/mu);
  assert.match(first.stdout, /^students +4 +4 +0 +0 +0$/mu);
  assert.match(first.stdout, /Status: success/u);

  const second = await sync();
  assert.equal(second.exitCode, 0);
  assert.match(second.stdout, /Nothing has changed since the last sync, and nothing was written\./u);
  assert.match(second.stdout, /^students +4 +0 +0 +0 +4$/mu);

  const [student] = roster.student;
  assert.ok(student);
  student['Last Name'] = 'Changed';
  await folder.write(roster);
  const third = jsonOf<{ written: number; run: { counts: { student: unknown } }; exitCode: number }>(
    await sync('--json'),
  );
  assert.equal(third.written, 1);
  assert.deepEqual(third.run.counts.student, {
    records: 4,
    created: 0,
    linked: 0,
    updated: 1,
    reactivated: 0,
    ended: 0,
    held: 0,
    unchanged: 3,
  });
});

test('a plan that ends too much is held; of the commands printed the first shows it, the next accepts it', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 2, students: 60 }));
  assert.equal((await sync()).exitCode, 0);
  await folder.write(smallRoster({ schools: 1, sections: 2, students: 10 }));
  const held = await sync();
  assert.equal(held.exitCode, 3, held.stdout);
  assert.match(held.stdout, /The sync is held: nothing was changed\./u);
  assert.match(held.stdout, /50 of 60 students would end; the limit is 15/u);
  assert.match(held.stdout, /Status: validationError/u);
  const status = await rollbookCli(['status', '--profile', name]);
  assert.equal(status.exitCode, 3);
  assert.match(
    held.stdout,
    /To look at what waits:\n {2}rollbook plan .*\nTo accept all of it, or one school:\n {2}rollbook resume /u,
  );
  const shown = await typeWhatItSays(held, 'plan');
  assert.match(shown.stdout, /^students +deactivate +50 /mu);
  const accepted = await typeWhatItSays(held);
  assert.equal(accepted.exitCode, 0, accepted.stdout + accepted.stderr);
  assert.match(accepted.stdout, /^students +10 +0 +0 +50 +10$/mu);
});

test('a plan is shown and decided by the part of its id that rollbook runs prints', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 2, students: 60 }));
  assert.equal((await sync()).exitCode, 0);
  await folder.write(smallRoster({ schools: 1, sections: 2, students: 10 }));
  assert.equal((await sync()).exitCode, 3);
  const listed = await rollbookCli(['runs', '--profile', name]);
  const id = /^([0-9a-f]{8}-[0-9a-f]{4}) .* held /mu.exec(listed.stdout)?.[1];
  assert.ok(id, listed.stdout);
  const shown = await rollbookCli(['plan', name, '--run', id]);
  assert.match(shown.stdout, /^students +deactivate +50 /mu);
  const latest = await rollbookCli(['approve', 'latest']);
  assert.equal(latest.exitCode, 2, 'another run may be the latest by now');
  const rejected = await rollbookCli(['reject', id]);
  assert.equal(rejected.exitCode, 0, rejected.stderr);
  assert.match(rejected.stdout, /^Rejected\.$/mu);
});

test('a file that had rows and has none: held until it is confirmed by name', async () => {
  const roster = smallRoster({ schools: 1, sections: 2, students: 4 });
  await folder.write(roster);
  assert.equal((await sync()).exitCode, 0);
  await folder.write({ ...csvFiles(roster), 'TeacherRoster.csv': 'Section SIS ID,SIS ID\r\n' });
  const held = await sync();
  assert.equal(held.exitCode, 3, held.stdout);
  assert.match(held.stdout, /resume --profile 'High school \d+' --confirm-empty teacherroster\.csv/u);
  const plain = await rollbookCli(['resume', '--profile', name]);
  assert.equal(plain.exitCode, 1);
  assert.match(plain.stderr, /teacherroster\.csv/u);
  const accepted = await typeWhatItSays(held);
  assert.equal(accepted.exitCode, 0, accepted.stdout + accepted.stderr);
});

test('a file that cannot be read is refused, and no command accepts it', async () => {
  const files = csvFiles(smallRoster({ schools: 1, sections: 1, students: 2 }));
  await folder.write({ ...files, 'Student.csv': 'Id,Nothing\r\n1,2\r\n' });
  const refused = await sync();
  assert.equal(refused.exitCode, 3, refused.stdout);
  assert.match(refused.stdout, /student\.csv/u);
  assert.match(refused.stdout, /cannot be accepted/u);
  assert.doesNotMatch(refused.stdout, /rollbook resume/u);
});

test('faulty rows within the tolerance: synced with errors; above it: held', async () => {
  const roster = smallRoster({ schools: 1, sections: 2, students: 30 });
  const faulty = (count: number): void => {
    for (const student of roster.student.slice(0, count)) student['School SIS ID'] = 'nowhere';
  };
  faulty(2);
  await folder.write(roster);
  const synced = await sync();
  assert.equal(synced.exitCode, 4, synced.stdout);
  assert.match(synced.stdout, /2 records could not be taken:/u);
  assert.match(synced.stdout, /Status: error/u);
  const errors = await rollbookCli(['errors', '--profile', name]);
  assert.equal(errors.exitCode, 0);
  assert.match(errors.stdout, /^Student +S1P1 +InvalidLookupReference/mu);
  const asJson = jsonOf<{ errorCount: number; errors: unknown[] }>(
    await rollbookCli(['errors', '--profile', name, '--limit', '1', '--json']),
  );
  assert.deepEqual([asJson.errorCount, asJson.errors.length], [2, 1]);

  faulty(15);
  await folder.write(roster);
  const held = await sync();
  assert.equal(held.exitCode, 3, held.stdout);
  assert.match(held.stdout, /15 of 30 rows of student\.csv/u);
  assert.match(held.stdout, /^What the files ask for:\n +in the files +created/mu);
  const accepted = await typeWhatItSays(held);
  assert.equal(accepted.exitCode, 4, accepted.stdout + accepted.stderr);
});

test('--match links users that were imported; who is not found is an error', async () => {
  const roster = smallRoster({ schools: 1, sections: 2, students: 3 });
  await folder.write(roster);
  const accounts = await testFolder('accounts');
  const users = ['s1p1', 's1p2', 'teacher.s1c1', 'teacher.s1c2'];
  await accounts.write({
    'accounts.csv': [
      'userPrincipalName,displayName',
      ...users.map((user) => `${user}@match.example,${user}`),
      '',
    ].join('\r\n'),
  });
  const imported = await rollbookCli(['users', 'import', `${accounts.path}/accounts.csv`]);
  await accounts.remove();
  assert.equal(imported.exitCode, 0, imported.stderr);
  const synced = await sync('--match', 'Username=userPrincipalName@match.example');
  assert.equal(synced.exitCode, 4, synced.stdout);
  assert.match(
    synced.stdout,
    /students are linked where <Username>@match\.example is the userPrincipalName/u,
  );
  assert.match(synced.stdout, /^ +in the files +created +linked +updated +ended +unchanged$/mu);
  assert.match(
    synced.stdout,
    /1 record could not be taken:\n {2}- Student S1P3: [^(]*\(UnsynchronizableChange\)/u,
  );
});

test('on a terminal progress is a bar, and colours respect NO_COLOR', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  const argv = ['sync', folder.path, '--profile', name];
  const coloured = await rollbookCli(argv, { isTTY: true });
  assert.match(coloured.stderr, /\r.{3} uploading +\[#*-*\]/u);
  assert.ok(coloured.stdout.includes('\u001b[32m'), coloured.stdout);
  const plain = await rollbookCli(argv, { isTTY: true, env: { NO_COLOR: '1' } });
  assert.equal(plain.stdout.includes('\u001b'), false, plain.stdout);
});

test('a paused profile: exit code 6 until it is resumed', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  assert.equal((await sync()).exitCode, 0);
  assert.equal((await rollbookCli(['pause', '--profile', name])).exitCode, 0);
  const status = await rollbookCli(['status', '--profile', name, '--json']);
  assert.equal(status.exitCode, 6);
  assert.equal(jsonOf<{ profiles: { status: string }[] }>(status).profiles[0]?.status, 'paused');
  const refused = await sync();
  assert.equal(refused.exitCode, 6);
  assert.match(refused.stderr, /Paused since .* Resume the profile to go on\. Nothing was uploaded\./u);
  const resumed = await rollbookCli(['resume', '--profile', name]);
  assert.equal(resumed.exitCode, 0, resumed.stdout + resumed.stderr);
  const nothing = await rollbookCli(['start', '--profile', name]);
  assert.match(nothing.stderr, /no uploaded files/u, 'no files were left behind');
  assert.equal((await sync()).exitCode, 0);
});

test('--json prints one document and nothing else; --progress json prints lines on stderr', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  const result = await sync('--json', '--progress', 'json');
  const document = jsonOf<{
    profileCreated: boolean;
    run: { state: string };
    status: { status: string };
    exitCode: number;
  }>(result);
  assert.equal(document.profileCreated, true);
  assert.deepEqual(
    [document.run.state, document.status.status, document.exitCode],
    ['completed', 'success', 0],
  );
  const lines = result.stderr.trim().split('\n');
  assert.ok(lines.length > 0);
  for (const line of lines) assert.ok('progress' in (JSON.parse(line) as object), line);
});

test('--quiet prints the result only', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  const result = await sync('--quiet');
  assert.doesNotMatch(result.stdout, /Profile:|Uploaded:/u);
  assert.match(result.stdout, /Status: success/u);
  assert.equal(result.stderr, '');
});

test('other identity options than the profile has are refused, the same ones are not', async () => {
  await folder.write(smallRoster({ schools: 1, sections: 1, students: 2 }));
  const domain = `high${number}.contoso.com`;
  assert.equal((await sync('--create-users', domain)).exitCode, 0);
  assert.equal((await sync('--create-users', domain)).exitCode, 0);
  const other = await sync('--create-users', 'fabrikam.com');
  assert.equal(other.exitCode, 2);
  assert.match(
    other.stderr,
    /exists with other identity settings: students are created as <Username>@students\.high/u,
  );
});

test('a file that is no part of the format is left out, and said', async () => {
  const files = csvFiles(smallRoster({ schools: 1, sections: 1, students: 2 }));
  await folder.write({ ...files, 'notes.csv': 'x\r\n', 'readme.txt': 'x' });
  const result = await sync();
  assert.equal(result.exitCode, 0, result.stdout);
  assert.equal(result.stderr.includes('notes.csv is no roster file and is left out.'), true);
});

test('a zip is checked and synced as the folder is: by its name, or alone in a folder', async () => {
  const files = csvFiles(smallRoster({ schools: 1, sections: 2, students: 2 }));
  await folder.write({ 'north.zip': zipOf(files, 'export/') });
  const zip = join(folder.path, 'north.zip');
  const checked = await runCliHere(['validate', zip, '--json']);
  assert.equal(checked.exitCode, 0, checked.stderr);
  const { files: read, findings } = JSON.parse(checked.stdout) as {
    files: { file: string; archive: string }[];
    findings: { code: string }[];
  };
  assert.deepEqual([read.length, read[0]?.file, read[0]?.archive], [6, 'school.csv', 'north.zip']);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ['ZIP_FOLDER'],
  );
  const first = await rollbookCli(['sync', zip]);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /Profile: north .*created/u);
  const again = await rollbookCli(['sync', folder.path, '--profile', 'north']);
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stdout, /Uploaded: 1 file/u);
  const preview = await rollbookCli(['plan', 'north', '--folder', zip, '--exit-code']);
  assert.equal(preview.exitCode, 0, 'nothing would change');
  const runs = jsonOf<{ runs: { id: string }[] }>(await rollbookCli(['runs', '--json']));
  const story = await rollbookCli(['run', runs.runs[0]?.id ?? '']);
  assert.match(story.stdout, /north\.zip\/student\.csv/u);

  await folder.write({ 'north.zip': zipOf(files, 'a/b/') });
  const hostile = await runCliHere(['validate', zip]);
  assert.equal(hostile.exitCode, 3);
  assert.match(hostile.stdout, /north\.zip has a\/b\/: which files are the roster, nobody can tell/u);
});

test('a folder without roster files is a wrong command line', async () => {
  await folder.write({ 'marks.csv': 'sourcedId\r\n' });
  const result = await sync();
  assert.equal(result.exitCode, 2);
  assert.match(result.stderr, /has no roster files: school\.csv, .* It has marks\.csv\./u);
});
