import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import {
  toCleverFormat,
  toOneRosterFormat,
  toUkFormat,
  toV21Format,
  toV2Format,
  withoutColumns,
  withTwoDigitGrades,
} from '#test/helpers/other-formats.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';
import { makeExamples } from '../../scripts/make-examples.ts';

const examples = makeExamples();
type Files = Readonly<Record<string, string>>;

/** What Clever has no column for, and ids that it has not. */
const NOT_IN_CLEVER = ['Status', 'Country', 'Term SIS ID', 'Course SIS ID'];

/** What SDS V2.1 has no column for (birth dates are in a file of their own). */
const NOT_IN_V21 = [
  'School Number',
  'Grade Low',
  'Grade High',
  'Address',
  'City',
  'State',
  'Country',
  'Zip',
  'Phone',
  'Periods',
  'Status',
  'Birthdate',
  'Graduation Year',
  'Title',
];

/** It has neither terms nor courses, nor numbers of anything. */
const NOT_IN_V2 = [
  ...NOT_IN_V21,
  'Section Number',
  'Term SIS ID',
  'Term Name',
  'Term StartDate',
  'Term EndDate',
  'Course SIS ID',
  'Course Name',
  'Course Number',
  'Course Subject',
  'Student Number',
  'Teacher Number',
];

/** In SDS V1 a teacher may have the id of a student; where users have one id each that would be one person. */
function withTeacherId(files: Files, id: string, other: string): Files {
  const change = (text: string): string =>
    text.replaceAll(new RegExp(`(^|,)${id}(,|\\r?$)`, 'gmu'), `$1${other}$2`);
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, /^teacher/iu.test(name) ? change(text) : text]),
  );
}

async function withRollbook(
  work: (rollbook: TestRollbook, client: SyncClient) => Promise<void>,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    await work(rollbook, syncClient(rollbook));
  } finally {
    await rollbook.stop();
  }
}

const buffers = (files: Files): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));

/** The directory after a first sync, and after a second one with changes. */
async function directoriesOf(first: Files, changed: Files): Promise<[string[], string[]]> {
  let dumps: [string[], string[]] = [[], []];
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile({ displayName: 'Format' });
    const status = await client.sync(profile, buffers(first));
    assert.equal(status.status, 'success', status.statusMessage);
    const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
    assert.equal((await client.sync(profile, buffers(first))).status, 'success');
    assert.deepEqual(await changesOf(client, profile), {}, 'the same files change nothing');
    const again = await client.sync(profile, buffers(changed));
    assert.equal(again.status, 'success', again.statusMessage);
    dumps = [before, await dumpDirectory(rollbook.db, rollbook.tenantId)];
  });
  return dumps;
}

test('UK titles: the same directory as SDS V1, also after changes', async () => {
  const v1 = await directoriesOf(examples.contoso, examples['contoso-changed']);
  const uk = await directoriesOf(toUkFormat(examples.contoso), toUkFormat(examples['contoso-changed']));
  assert.deepEqual(uk, v1);
});

test('Clever: the same directory as SDS V1 with what Clever can say, also after changes', async () => {
  const first = withoutColumns(examples.contoso, NOT_IN_CLEVER);
  const changed = withoutColumns(examples['contoso-changed'], NOT_IN_CLEVER);
  const v1 = await directoriesOf(first, changed);
  const clever = await directoriesOf(toCleverFormat(first), toCleverFormat(changed));
  assert.ok(v1[0].length > 900);
  assert.deepEqual(clever, v1);
});

/** The formats with one id for each user: what they cannot say is left out of the SDS V1 that they are compared with. */
for (const [name, convert, notIn] of [
  ['SDS V2', toV2Format, NOT_IN_V2],
  // Its subjects are those of a list.
  ['SDS V2.1', toV21Format, [...NOT_IN_V21, 'Course Subject']],
  ['OneRoster 1.1', (files: Files) => toOneRosterFormat(files, '1.1'), NOT_IN_V21],
  ['OneRoster 1.2', (files: Files) => toOneRosterFormat(files, '1.2'), NOT_IN_V21],
] as const) {
  test(`${name}: the same directory as SDS V1 with what it can say, also after changes`, async () => {
    const said = (files: Files): Files =>
      withTwoDigitGrades(withoutColumns(withTeacherId(files, '30001', 'T204'), notIn));
    const first = said(examples.contoso);
    const changed = said(examples['contoso-changed']);
    // What the source said last, word by word, is in links: type and year of a term, for instance.
    const withoutLinks = (dumps: string[][]): string[][] =>
      dumps.map((lines) =>
        lines
          .filter((line) => !line.startsWith('link '))
          // Where it is OneRoster 1.2, the grade stands with the person, and not with the role.
          .map((line) =>
            line.startsWith('role ') ? line.replace(/, (?:"\d\d"|null), (true|false)\]$/u, ', $1]') : line,
          ),
      );
    const v1 = withoutLinks(await directoriesOf(first, changed));
    const other = withoutLinks(await directoriesOf(convert(first), convert(changed)));
    assert.ok((v1[0]?.length ?? 0) > 600);
    assert.deepEqual(other, v1);
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
