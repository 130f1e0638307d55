/**
 * Two administrators who do at the same time whatever comes to their minds: no call fails but for a reason that is said, no run is left where nobody
 * can get at it, and a sync afterwards brings the directory where its files say. ROLLBOOK_SEED repeats the choices, not the moments.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { ownRoster } from '#test/helpers/own-roster.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { seededRandom } from '#test/helpers/seeded-random.ts';
import { csvFiles } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
const STEPS = 12;

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ engine: { batchItems: 3, leaseSeconds: 4 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

const PROFILES = '/beta/education/synchronizationProfiles';
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test(`two administrators at once (seed ${SEED})`, async () => {
  const random = seededRandom(SEED);
  const profile = await client.createProfile({ displayName: 'Both' });
  const rosters = [24, 20, 6, 24].map((students) => ownRoster('b-', { schools: 2, students }));
  const graph = `${PROFILES}/${profile}`;
  const own = `/api/v1/profiles/${profile}`;
  const ofNewestRun = async (action: string): Promise<number> => {
    const { value } = await client.ok<{ value: { id: string }[] }>('GET', `${own}/runs`);
    const run = value[Math.floor(random() * Math.min(2, value.length))];
    return run === undefined ? 200 : (await client.call('POST', `/api/v1/runs/${run.id}/${action}`)).status;
  };
  const post = async (path: string, body?: unknown): Promise<number> =>
    (await client.call('POST', path, body)).status;
  const commands: Readonly<Record<string, () => Promise<number>>> = {
    pause: () => post(`${graph}/pause`),
    resume: () => post(`${graph}/resume`),
    reset: () => post(`${graph}/reset`),
    plan: () => post(`${own}/plan`),
    quarantine: () => post(`${own}/quarantine`),
    cancel: () => ofNewestRun('cancel'),
    approve: () => ofNewestRun('approve'),
    reject: () => ofNewestRun('reject'),
    async start() {
      const roster = rosters[Math.floor(random() * rosters.length)];
      const url = await client.call('GET', `${graph}/uploadUrl`);
      if (url.status !== 200) return url.status;
      await client.upload(profile, csvFiles(roster ?? ownRoster('b-'))).catch(() => undefined);
      return (await client.start(profile)).status;
    },
    async expire() {
      const { status } = await client.call('PATCH', graph, { expirationDate: day(-1) });
      await wait(random() * 50);
      await client.call('PATCH', graph, { expirationDate: null });
      return status;
    },
  };
  const names = ['start', 'start', 'start', 'resume', 'resume', ...Object.keys(commands)];
  const told: string[] = [];
  const administrate = async (who: string): Promise<void> => {
    for (let step = 0; step < STEPS; step += 1) {
      const name = names[Math.floor(random() * names.length)] ?? 'start';
      told.push(`${who} ${name}`);
      const status = (await commands[name]?.()) ?? 200;
      told.push(`${who} ${name}: ${status}`);
      assert.ok(status < 500 && status !== 401 && status !== 403, told.slice(-12).join('\n'));
      await wait(random() * 60);
    }
  };
  await Promise.all([administrate('A'), administrate('B')]);
  await endWell(profile, told);
});

/** Whatever was done: the profile can be got going again, and then all is as the files say. */
async function endWell(profile: string, told: readonly string[]): Promise<void> {
  const graph = `${PROFILES}/${profile}`;
  await client.ok('PATCH', graph, { expirationDate: null });
  await client.provisioned(profile);
  const unfinished = (states: string): Promise<Record<string, unknown>[]> =>
    rollbook.rows(`select id, state from run where profile_id = $1 and state in (${states})`, [profile]);
  // The first ends a pause or a quarantine, the second whatever waits; refused when there is nothing.
  for (let times = 0; times < 3; times += 1) {
    await client.call('POST', `${graph}/resume`);
    await settle(unfinished, told);
  }
  assert.deepEqual(await unfinished(`'suspended'`), [], told.join('\n'));
  const roster = ownRoster('b-', { schools: 2, students: 24 });
  await client.upload(profile, csvFiles(roster));
  assert.equal((await client.start(profile)).status, 200, told.join('\n'));
  await settle(unfinished, told);
  const held = await client.status(profile);
  if (held.status === 'validationError') await client.ok('POST', `${graph}/resume`);
  await settle(unfinished, told);
  const { status, statusMessage } = await client.status(profile);
  assert.equal(status, 'success', `${statusMessage}\n${told.join('\n')}`);
  const [found] = await rollbook.rows(
    `select count(*) filter (where p.student_external_id is not null)::int as students,
            count(*) filter (where p.teacher_external_id is not null)::int as teachers from person p where p.active`,
  );
  assert.deepEqual(found, { students: roster.student.length, teachers: roster.teacher.length });
  await client.upload(profile, csvFiles(roster));
  await client.start(profile);
  await settle(unfinished, told);
  assert.deepEqual(await changesOf(client, profile), {});
}

async function settle(
  unfinished: (states: string) => Promise<unknown[]>,
  told: readonly string[],
): Promise<void> {
  for (let attempt = 0; attempt < 2_400; attempt += 1) {
    if ((await unfinished(`'queued', 'staging', 'planning', 'applying', 'broken'`)).length === 0) return;
    await wait(50);
  }
  throw new Error(`a run does not end:\n${told.join('\n')}`);
}
