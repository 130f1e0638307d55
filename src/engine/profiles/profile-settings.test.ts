import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { CSV_DEFINITION, profileBench, type ProfileBench } from '#test/helpers/profile-commands.ts';

import { createProfile } from './create-profile.ts';
import { deleteProfile } from './delete-profile.ts';
import { patchProfileSettings } from './profile-settings.ts';
import { getProfile } from './read-profiles.ts';
import { resumeProfile } from './resume-profile.ts';
import { startProfile } from './start-profile.ts';

let bench: ProfileBench;
before(async () => {
  bench = await profileBench();
});
after(() => bench.close());

const start = (id: string) => startProfile(bench.context, bench.actor, id);
const create = (displayName: string, more = {}) =>
  createProfile(bench.context, bench.actor, {
    definition: { ...CSV_DEFINITION, displayName, ...more },
    clientSecret: null,
  });
const conflict = (message: RegExp) => ({ name: 'ConflictError', message });

test('settings: defaults, change, refusal', async () => {
  const id = await bench.provisioned('Settings');
  const patch = (change: unknown) => patchProfileSettings(bench.context, bench.actor, id, change);
  const changed = await patch({ tolerance: 'strict', linkByUserName: true });
  assert.equal(changed.tolerance, 'strict');
  assert.deepEqual(changed.deactivationLimit, { percent: 10, count: 25 });
  await assert.rejects(patch({ toleranze: 1 }), /toleranze: There is no setting/u);
  assert.equal((await patch({})).tolerance, 'strict');
  assert.equal((await getProfile(bench.context, bench.tenantId, id)).state, 'provisioned');
});

test('the anchor of classes is not changed under a run that reads them; what waits is cancelled', async () => {
  const id = await bench.provisioned('Anchor');
  await bench.upload(id, 'school.csv');
  const { runId } = await start(id);
  const anchor = () => patchProfileSettings(bench.context, bench.actor, id, { classAnchor: 'idAndSession' });
  for (const state of ['queued', 'staging', 'planning', 'applying'] as const) {
    await bench.setRun(runId, state);
    await assert.rejects(anchor(), conflict(/A run of the profile is queued or executing/u));
  }
  await bench.setRun(runId, 'held', { errorCode: 'VerdictHeld' });
  assert.equal((await anchor()).classAnchor, 'idAndSession');
  await assert.rejects(resumeProfile(bench.context, bench.actor, id, { confirmEmptyFiles: [] }), {
    name: 'ConflictError',
  });
});

test('a profile made again adopts the source system of the deleted one; living ones never share', async () => {
  const first = await create('Adoption');
  const second = await create(' adoption ');
  assert.notEqual(first.sourceSystemId, second.sourceSystemId);
  await bench.finish(first.id);
  await deleteProfile(bench.context, bench.actor, first.id);
  // Deleted and made again at once, before the job of the deletion has run.
  const third = await create('ADOPTION ');
  assert.equal(third.sourceSystemId, first.sourceSystemId);
  assert.equal(await bench.finish(third.id), 'again');
  assert.equal(await bench.finish(first.id), 'done');
  assert.equal(await bench.finish(third.id), 'done');
  await assert.rejects(getProfile(bench.context, bench.tenantId, first.id), { name: 'NotFoundError' });
  const fourth = await create('Adoption');
  assert.ok(![first, second].some((profile) => profile.sourceSystemId === fourth.sourceSystemId));
});

test('two profiles created at once never adopt the same source system', async () => {
  const old = await create('Race');
  await deleteProfile(bench.context, bench.actor, old.id);
  await bench.finish(old.id);
  const made = await Promise.all([create('Race'), create('Race'), create('Race')]);
  const systems = made.map((profile) => profile.sourceSystemId);
  assert.equal(new Set(systems).size, 3);
  assert.equal(systems.filter((system) => system === old.sourceSystemId).length, 1);
});

test('adoption needs the same provider, and can be chosen otherwise before the first run', async () => {
  const old = await create('Chosen');
  await deleteProfile(bench.context, bench.actor, old.id);
  await bench.finish(old.id);
  const powerSchool = {
    type: 'powerSchool',
    connectionUrl: 'https://ps.example',
    clientId: 'x',
    schoolsIds: null,
    schoolYear: null,
    allowTeachersInMultipleSchools: false,
    customizations: null,
  } as const;
  const other = await create('Chosen', { dataProvider: powerSchool });
  assert.notEqual(other.sourceSystemId, old.sourceSystemId);
  await deleteProfile(bench.context, bench.actor, other.id);
  await bench.finish(other.id);

  const id = (await create('Chosen otherwise')).id;
  const patch = (change: unknown) => patchProfileSettings(bench.context, bench.actor, id, change);
  assert.equal((await patch({ sourceSystemId: old.sourceSystemId })).sourceSystemId, old.sourceSystemId);
  await bench.finish(id);
  const own = (await patch({ sourceSystemId: 'new' })).sourceSystemId;
  assert.notEqual(own, old.sourceSystemId);
  await assert.rejects(
    patch({ sourceSystemId: other.sourceSystemId }),
    conflict(/another kind of provider/u),
  );
  await assert.rejects(patch({ sourceSystemId: 'mine' }), /Use "new"/u);
  await bench.finish(id);
  await bench.upload(id, 'school.csv');
  await start(id);
  await assert.rejects(
    patch({ sourceSystemId: old.sourceSystemId }),
    conflict(/before the first start only/u),
  );
});
