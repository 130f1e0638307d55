import assert from 'node:assert/strict';
import { test } from 'node:test';

import { withTwoDigitGrades, toCleverFormat, withoutColumns } from '#test/helpers/other-formats.ts';
import {
  assertSameDirectories,
  buffers,
  type Files,
  NOT_IN_CLEVER,
  OTHER_FORMATS,
  withRollbook,
} from '#test/helpers/same-roster.ts';
import { makeExamples } from '../../scripts/make-examples.ts';

const examples = makeExamples();

/** In SDS V1 a teacher may have the id of a student; where users have one id each that would be one person. */
function withTeacherId(files: Files, id: string, other: string): Files {
  const change = (text: string): string =>
    text.replaceAll(new RegExp(`(^|,)${id}(,|\\r?$)`, 'gmu'), `$1${other}$2`);
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, /^teacher/iu.test(name) ? change(text) : text]),
  );
}

for (const other of Object.values(OTHER_FORMATS)) {
  test(`${other.title}: the same directory as SDS V1 with what it can say, also after changes`, async () => {
    const said = (files: Files): Files =>
      other.ofUsers ? withTwoDigitGrades(withTeacherId(files, '30001', 'T204')) : files;
    const [before] = await assertSameDirectories(
      other,
      said(examples.contoso),
      said(examples['contoso-changed']),
    );
    assert.ok(before.length > 900);
  });
}

test('a profile goes from SDS V1 to Clever: the same people, classes and memberships, with the same ids', async () => {
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile({ displayName: 'Changes its format' });
    const files = withoutColumns(examples.contoso, NOT_IN_CLEVER);
    assert.equal((await client.sync(profile, buffers(files))).status, 'success');
    const ids = `select 'person' as kind, id from person where active union all select 'class', id from class where active
      union all select 'enrollment', class_id from enrollment where active order by 1, 2`;
    const before = await rollbook.rows(ids);
    const status = await client.sync(profile, buffers(toCleverFormat(files)));
    assert.equal(status.status, 'success', status.statusMessage);
    assert.deepEqual(await rollbook.rows(ids), before);
    const [run] = await rollbook.rows(
      `select counts -> 'format' ->> 'name' as name, counts -> 'format' -> 'evidence' ->> 0 as evidence from run order by created_at desc limit 1`,
    );
    assert.equal(run?.['name'], 'clever');
    assert.match(String(run['evidence']), /^5 of its 5 files are there/u);
  });
});

test('the format of a profile can be set; what is no format is refused', async () => {
  await withRollbook(async (_, client) => {
    const profile = await client.createProfile({ displayName: 'Set' });
    const path = `/api/v1/profiles/${profile}/settings`;
    await client.ok('PATCH', path, { format: 'clever' });
    await assert.rejects(client.sync(profile, buffers(examples.contoso)), /A required file/u);
    await client.ok('PATCH', path, { format: 'auto' });
    assert.equal((await client.sync(profile, buffers(examples.contoso))).status, 'success');
    await assert.rejects(
      client.ok('PATCH', path, { format: 'excel' }),
      /Use one of auto, sds-v1, sds-v1-uk, sds-v2, sds-v2\.1, oneroster-1\.1, oneroster-1\.2, clever/u,
    );
  });
});
