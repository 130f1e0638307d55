import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { profileBench } from '#test/helpers/profile-commands.ts';

import { deleteProfile } from './delete-profile.ts';
import { patchProfileSettings } from './profile-settings.ts';
import { getProfile } from './read-profiles.ts';

const bench = await profileBench();
after(() => bench.close());

const sourceSystemOf = async (id: string): Promise<string> =>
  (await getProfile(bench.context, bench.tenantId, id)).sourceSystemId;
async function remove(id: string): Promise<void> {
  await deleteProfile(bench.context, bench.actor, id);
  assert.equal(await bench.finish(id), 'done');
}

test('of several source systems that deleted profiles of its name have left, a new one takes over the last', async () => {
  const first = await bench.provisioned('Contoso');
  const old = await sourceSystemOf(first);
  await remove(first);
  const second = await bench.provisioned('Contoso');
  assert.equal(await sourceSystemOf(second), old);
  await patchProfileSettings(bench.context, bench.actor, second, { sourceSystemId: 'new' });
  await bench.finish(second);
  const last = await sourceSystemOf(second);
  assert.notEqual(last, old);
  await remove(second);
  assert.equal(await sourceSystemOf(await bench.provisioned(' contoso')), last);
});
