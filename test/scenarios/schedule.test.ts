/** Profiles that sync by themselves: a whole Rollbook, from the folder or the upload to the directory, and the commands for it. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { type CliResult, runCliHere } from '#test/helpers/cli-run.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const files = csvFiles(smallRoster({ schools: 1, students: 6 }));
const DAY_MS = 86_400_000;
const dateOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

let rollbook: TestRollbook;
let client: SyncClient;
let watched: string;
before(async () => {
  watched = await mkdtemp(join(tmpdir(), 'rollbook-watched-'));
  rollbook = await startTestRollbook({ settings: { WATCH_DIR: watched, UPLOAD_QUIET_SECONDS: '1' } });
  client = syncClient(rollbook);
});
after(async () => {
  await rollbook.stop();
  await rm(watched, { recursive: true });
});

const cli = (...argv: string[]): Promise<CliResult> => runCliHere([...argv, '--data-dir', rollbook.dataDir]);

/** The profiles of this file bring the same people; they are linked by user name. */
async function createProfile(displayName: string): Promise<string> {
  const id = await client.createProfile({ displayName });
  await client.ok('PATCH', `/api/v1/profiles/${id}/settings`, { linkByUserName: true });
  return id;
}

/** The status once it is no longer what it was before anything was started. */
async function synced(profile: string): Promise<string> {
  for (let attempt = 0; attempt < 1_200; attempt += 1) {
    const { status } = await client.status(profile);
    if (status !== 'paused' && status !== 'inProgress') return status;
    await wait(50);
  }
  throw new Error('nothing was synced');
}

async function latestTrigger(profile: string): Promise<unknown> {
  const rows = await rollbook.rows(
    'select trigger, requested_by, adds_only from run where profile_id = $1 order by created_at desc limit 1',
    [profile],
  );
  return rows[0];
}

test('files that are dropped into a watched folder are synced', async () => {
  const profile = await createProfile('Dropped');
  const folder = join(watched, rollbook.tenantId, 'nightly');
  await mkdir(folder, { recursive: true });
  const set = await cli(
    'schedule',
    '--profile',
    'Dropped',
    '--folder',
    'nightly',
    '--adds-only',
    `${dateOf(Date.now() - DAY_MS)}..${dateOf(Date.now() + 2 * DAY_MS)}`,
  );
  assert.equal(set.exitCode, 0, set.stderr);
  assert.match(set.stdout, /Dropped: starts by itself/u);
  assert.ok(set.stdout.includes(folder));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  assert.equal(await synced(profile), 'success');
  assert.deepEqual(await latestTrigger(profile), {
    trigger: 'folder',
    requested_by: 'rollbook',
    adds_only: true,
  });
  assert.equal((await client.latestRun(profile)).counts?.kinds['student']?.['created'], 6);
});

test('an upload that is complete is synced without a start', async () => {
  const profile = await createProfile('Uploaded');
  assert.equal((await cli('schedule', '--profile', 'Uploaded', '--on-upload')).exitCode, 0);
  await client.upload(profile, files);
  assert.equal(await synced(profile), 'success');
  assert.deepEqual(await latestTrigger(profile), {
    trigger: 'upload',
    requested_by: 'rollbook',
    adds_only: false,
  });
});

test('a start in a blackout window is queued, says when it begins, and begins when the window is taken away', async () => {
  const profile = await createProfile('Dark');
  const last = dateOf(Date.now() + DAY_MS);
  const set = await cli(
    'schedule',
    '--profile',
    'Dark',
    '--time-zone',
    'UTC',
    '--blackout',
    `${dateOf(Date.now())}..${last}`,
  );
  assert.match(set.stdout, /now +A blackout window of the profile lasts until/u);
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-dark-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const interrupting = new AbortController();
  const followed = await runCliHere(['sync', folder, '--profile', 'Dark', '--data-dir', rollbook.dataDir], {
    interrupt: interrupting.signal,
    onOutput: (_stdout, stderr) => {
      if (stderr.includes('Ctrl-C leaves it to the service')) interrupting.abort();
    },
  });
  await rm(folder, { recursive: true });
  assert.match(followed.stderr, /^The run begins at .* A blackout window of the profile lasts until/mu);
  const { status, statusMessage: message } = await client.status(profile);
  assert.equal(status, 'inProgress');
  const end = new Date(Date.parse(`${last}T00:00:00Z`) + DAY_MS).toISOString();
  assert.ok(message.startsWith(`A sync is queued and starts at ${end}. A blackout window`), message);
  const cleared = await cli('schedule', '--profile', 'Dark', '--blackout', 'none');
  assert.match(cleared.stdout, /Dark: starts by hand only/u);
  assert.equal(await synced(profile), 'success');
});

test('the command: options change what they name, bad ones are refused with the property', async () => {
  await client.createProfile({ displayName: 'Told' });
  const told = (...options: string[]): Promise<CliResult> => cli('schedule', '--profile', 'Told', ...options);
  await told(
    '--cron',
    '30 4 * * mon-fri',
    '--time-zone',
    'Europe/Berlin',
    '--blackout',
    'mon-fri 07:30-16:00',
    '--blackout',
    '2026-12-24',
  );
  await told('--on-upload', '--not-before', '2100-01-01T00:00:00+01:00');
  const shown = (await told()).stdout;
  assert.match(shown, /Told: starts by itself \(times of Europe\/Berlin\)/u);
  assert.match(shown, /^ {2}cron +30 4 \* \* mon-fri$/mu);
  assert.match(shown, /^ {2}next run +2100-01-01 00:00$/mu, 'the cron time lies before');
  assert.match(shown, /^ {2}blackout +mon-fri 07:30-16:00; 2026-12-24$/mu);
  await told('--no-on-upload', '--cron', 'none');
  const document = JSON.parse((await told('--json')).stdout) as {
    schedule: unknown;
    profile: { displayName: string };
  };
  assert.deepEqual(document.schedule, {
    cron: null,
    timeZone: 'Europe/Berlin',
    runOnUpload: false,
    watchedFolder: null,
    notBefore: '2099-12-31T23:00:00.000Z',
    blackout: [
      { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '07:30', to: '16:00' },
      { from: '2026-12-24', to: '2026-12-24' },
    ],
    addsOnly: [],
    onExpiration: 'keep',
  });
  for (const [options, exitCode, message] of [
    [['--cron', '0 0 30 2 *'], 1, /schedule\.cron: This line never fires/u],
    [['--time-zone', 'Mars'], 1, /schedule\.timeZone: Use an IANA name/u],
    [['--folder', '../other'], 1, /schedule\.watchedFolder: .*no "\.\."/u],
    [['--blackout', '00:00-24:00'], 1, /schedule\.blackout: These windows cover the whole week/u],
    [['--blackout', 'at night'], 2, /--blackout 'at night' is no window: use 'mon-fri/u],
    [['--on-upload', '--no-on-upload'], 2, /contradict/u],
  ] as [string[], number, RegExp][]) {
    const refused = await told(...options);
    assert.equal(refused.exitCode, exitCode, options.join(' '));
    assert.match(refused.stderr, message);
  }
  assert.match((await told('--clear')).stdout, /Told: starts by hand only\.\n$/u);
});

test('the API: 400 names the property, 404 for others', async () => {
  const profile = await client.createProfile({ displayName: 'Asked' });
  const refused = await client.call<{ error: { message: string } }>(
    'PATCH',
    `/api/v1/profiles/${profile}/settings`,
    {
      schedule: { blackout: [{ from: '08:00', to: '08:00' }] },
    },
  );
  assert.equal(refused.status, 400);
  assert.match(refused.body.error.message, /^schedule\.blackout\[0\]: The window has no length/u);
  const settings = await client.ok<{ schedule: { cron: string | null } }>(
    'PATCH',
    `/api/v1/profiles/${profile}/settings`,
    {
      schedule: { cron: '@daily' },
    },
  );
  assert.equal(settings.schedule.cron, '@daily');
  const view = await client.ok<{ nextCronAt: string; active: boolean }>(
    'GET',
    `/api/v1/profiles/${profile}/schedule`,
  );
  assert.equal(view.active, true);
  assert.ok(new Date(view.nextCronAt) > new Date());
  assert.equal((await client.call('GET', `/api/v1/profiles/${rollbook.tenantId}/schedule`)).status, 404);
});
