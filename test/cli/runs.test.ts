import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type TestFolder, testFolder } from '#test/helpers/roster-folder.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';

let rollbook: TestRollbook;
let folder: TestFolder;
before(async () => {
  rollbook = await startTestRollbook();
  folder = await testFolder('export');
  for (const profile of ['One', 'Two']) {
    await folder.write(smallRoster({ schools: 1, sections: 2, students: 4 }));
    assert.equal((await cli('sync', folder.path, '--profile', profile)).exitCode, 0);
  }
  // One more of the second: stopped by its files.
  await folder.write({ ...csvFiles(smallRoster({ schools: 1 })), 'Student.csv': 'Nothing\r\n1\r\n' });
  assert.equal((await cli('sync', folder.path, '--profile', 'Two')).exitCode, 3);
});
after(async () => {
  await rollbook.stop();
  await folder.remove();
});

function cli(...argv: string[]): Promise<CliResult> {
  return runCliHere([...argv, '--data-dir', rollbook.dataDir]);
}

interface Listed {
  readonly runs: { id: string; state: string; profileDisplayName: string }[];
  readonly more: boolean;
}
async function listed(...argv: string[]): Promise<Listed> {
  return JSON.parse((await cli('runs', '--json', ...argv)).stdout) as Listed;
}

test('runs: all profiles, the newest first; by profile, state and day; so many of them', async () => {
  const all = await listed();
  assert.deepEqual(
    all.runs.map(({ profileDisplayName: profile, state }) => [profile, state]),
    [
      ['Two', 'held'],
      ['Two', 'completed'],
      ['One', 'completed'],
    ],
  );
  assert.equal(all.more, false);
  assert.equal((await listed('--profile', 'one')).runs.length, 1);
  assert.equal((await listed('--state', 'held', '--state', 'broken')).runs.length, 1);
  assert.equal((await listed('--from', '2999-01-01')).runs.length, 0);
  assert.equal((await listed('--to', '2999-01-01')).runs.length, 3);
  const two = await listed('--limit', '2');
  assert.deepEqual([two.runs.length, two.more], [2, true]);
  const people = await cli('runs');
  assert.match(people.stdout, /^run +requested +profile +state +took +created +updated +ended +what$/mu);
  assert.match(people.stdout, /^[0-9a-f]{8}-[0-9a-f]{4} +20\d\d-\d\d-\d\d \d\d:\d\d +Two +held /mu);
});

test('runs: what is no filter is refused in words', async () => {
  for (const [argv, message, exitCode] of [
    [['--state', 'done'], /'done' is none of queued, /u, 1],
    [['--from', 'yesterday'], /from: 'yesterday' is no date/u, 1],
    [['--from', '2026-02-02', '--to', '2026-02-01'], /from is after to/u, 1],
    [['--limit', '-1'], /--limit/u, 2],
    [['--profile', 'nobody'], /There is no profile 'nobody'/u, 1],
  ] as const) {
    const result = await cli('runs', ...argv);
    assert.match(result.stderr, message);
    assert.equal(result.exitCode, exitCode, argv.join(' '));
  }
});

test('run: the whole story, by id, by its beginning and as latest', async () => {
  const { runs } = await listed();
  const [held, done] = runs;
  assert.ok(held && done);
  const story = await cli('run', done.id);
  assert.equal(story.exitCode, 0, story.stderr);
  assert.match(story.stdout, /^profile +Two$/mu);
  assert.match(story.stdout, /^state +completed$/mu);
  assert.match(story.stdout, /^requested +20.* by Administrator$/mu);
  assert.match(story.stdout, /^finished +20.*, took \d+:\d\d$/mu);
  assert.match(story.stdout, /^students +4 +4 +0 +0 +0$/mu);
  assert.match(story.stdout, /^ {2}20.* requested +queued +Administrator$/mu);
  assert.match(story.stdout, /^ {2}20.* appliedAll +completed /mu);
  assert.match(story.stdout, /^ {2}Student\.csv +\d+ B +4 +0 +[0-9a-f]{12} +kept$/mu);

  // Ids made within a minute begin with the same eight characters; a place more each tells them apart.
  let prefix = 8;
  while (prefix < 36 && runs.filter(({ id }) => id.startsWith(done.id.slice(0, prefix))).length > 1) prefix++;
  const short = await cli('run', done.id.slice(0, prefix));
  assert.equal(short.stdout, story.stdout);

  const latest = await cli('run', 'latest');
  assert.match(latest.stdout, /^state +held$/mu);
  assert.match(latest.stdout, /fatal .*student\.csv/u);
  const document = JSON.parse((await cli('run', 'latest', '--profile', 'One', '--json')).stdout) as {
    timeline: unknown[];
    files: unknown[];
    state: string;
  };
  assert.equal(document.state, 'completed');
  assert.equal(document.files.length, 6);
  assert.ok(document.timeline.length >= 4);
});

test('run: an id that is none, too short or not unique', async () => {
  const short = await cli('run', 'abc');
  assert.equal(short.exitCode, 2);
  assert.match(short.stderr, /the first 8 characters/u);
  const none = await cli('run', 'ffffffff');
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /no run whose id begins with 'ffffffff'/u);
  const unknown = await cli('run', '00000000-0000-7000-8000-000000000000');
  assert.equal(unknown.exitCode, 1);
  assert.match(unknown.stderr, /There is no run '00000000-/u);
});

test('cancel: what waits is cancelled, and then nothing is left to cancel', async () => {
  const result = await cli('cancel', '--profile', 'Two', '--note', 'wrong export');
  assert.equal(result.exitCode, 0, result.stderr);
  assert.equal(result.stdout, 'Two: Cancelled by Administrator before anything was changed.\n');
  const story = await cli('run', 'latest');
  assert.match(story.stdout, / cancel +cancelled +Administrator +wrong export$/mu);
  assert.match((await cli('status', '--profile', 'Two')).stdout, /Two: success/u);
  const again = await cli('cancel', '--profile', 'Two');
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /Nothing of Two is under way/u);
  const done = await cli('cancel', '--run', 'latest', '--profile', 'One');
  assert.equal(done.exitCode, 1);
  assert.match(done.stderr, /it was complete/u);
});
