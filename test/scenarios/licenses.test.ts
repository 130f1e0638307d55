/** licensesToAssign: what a profile that creates users gives their accounts, by role. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { syncClient } from '#test/helpers/sync-client.ts';
import { makeExamples } from '../../scripts/make-examples.ts';

const { contoso } = makeExamples();
const LICENSES = [
  { appliesTo: 'student', skuIds: ['sku-students', 'sku-reader'] },
  { appliesTo: 'student', skuIds: ['sku-students'] },
  { appliesTo: 'teacher', skuIds: ['sku-staff'] },
];

test('new accounts get the licences of their role, once each; those that were there keep theirs', async () => {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile({
      displayName: 'Licences',
      more: { licensesToAssign: LICENSES.slice(2) },
    });
    assert.equal((await client.sync(profile, contoso)).status, 'success');
    const given = (): Promise<unknown> =>
      rollbook.rows(
        `select p.primary_role as role, a.licenses, count(*)::int from account a join person p on p.id = a.person_id group by 1, 2 order by 1, 2`,
      );
    const [students, teachers] = (await given()) as { role: string; licenses: string[]; count: number }[];
    assert.deepEqual([students?.licenses, teachers?.licenses], [[], ['sku-staff']]);
    await client.ok('PATCH', `/beta/education/synchronizationProfiles/${profile}`, {
      licensesToAssign: LICENSES,
    });
    await client.provisioned(profile);
    const [header = '', first = ''] = String(contoso['Student.csv']).split(/\r?\n/u);
    const values = first.split(',');
    const another = header
      .split(',')
      .map((title, index) =>
        title === 'SIS ID' ? '39999' : title === 'Username' ? 'nnew' : (values[index] ?? ''),
      );
    const more = { ...contoso, 'Student.csv': `${String(contoso['Student.csv'])}${another.join(',')}\r\n` };
    const status = await client.sync(profile, more);
    assert.equal(status.status, 'success', status.statusMessage);
    assert.deepEqual(await given(), [
      { role: 'student', licenses: [], count: students?.count },
      { role: 'student', licenses: ['sku-reader', 'sku-students'], count: 1 },
      { role: 'teacher', licenses: ['sku-staff'], count: teachers?.count },
    ]);
    const { value } = await client.ok<{ value: { assignedLicenses: { skuId: string }[] }[] }>(
      'GET',
      `/v1.0/education/users?$filter=assignedLicenses/any(l:l/skuId eq 'sku-reader')`,
    );
    assert.deepEqual(
      value.map(({ assignedLicenses }) => assignedLicenses.map(({ skuId }) => skuId).toSorted()),
      [['sku-reader', 'sku-students']],
    );
  } finally {
    await rollbook.stop();
  }
});
