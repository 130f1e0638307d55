/** What a profile chooses of the optional columns (optionalPropertiesToSync) are properties: who is in a class, who is a contact, and what tells classes apart is not chosen with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { MappingSettings } from '#sources/contract.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { GOOD_FILES } from '#test/helpers/fault-case.ts';
import { toCleverFormat } from '#test/helpers/other-formats.ts';
import { GOOD_V21, WITH_AGENTS } from '#test/helpers/user-faults.ts';

const choosing = (
  columns: Partial<MappingSettings['optionalProperties']>,
  more: Partial<MappingSettings> = {},
): MappingSettings => ({
  ...CREATE_MAPPING,
  ...more,
  optionalProperties: { ...CREATE_MAPPING.optionalProperties, ...columns },
});

test('Clever: all teachers of a section stay in it, whatever columns of sections are chosen', async () => {
  const clever = toCleverFormat(GOOD_FILES);
  const files = {
    ...clever,
    'teachers.csv': `${clever['teachers.csv']}A,2,,Col,Ash,,cash,\r\n`,
    'sections.csv': String(clever['sections.csv']).replace('A,m1,1,,', 'A,m1,1,2,'),
  };
  const before = await stageFiles(files);
  const staged = await stageFiles(files, { after: before, mapping: choosing({ section: ['Period'] }) });
  assert.ok(before.items.some(({ kind, sourceId }) => kind === 'enrollment' && sourceId === 'm1/2'));
  assert.deepEqual(
    staged.items.filter(({ kind }) => kind === 'enrollment'),
    [],
  );
});

for (const [format, files, columns] of [
  [
    'SDS V2.1',
    {
      ...GOOD_V21,
      'users.csv': `${GOOD_V21['users.csv']}p1,pat@b.example,Pat,Elm,pat@b.example\n`,
      'relationships.csv': 'userSourcedId,relationshipUserSourcedId,relationshipRole\nu1,p1,guardian\n',
    },
    ['userNumber'],
  ],
  ['OneRoster', WITH_AGENTS, ['agentSourcedIds']],
] as const)
  test(`${format}: contacts have their addresses, though those of students are not chosen`, async () => {
    const contactsOf = async (mapping: MappingSettings): Promise<unknown> => {
      const { items, findings } = await stageFiles(files, { mapping });
      assert.deepEqual(shownFindings(findings), []);
      const after = items.find(({ kind }) => kind === 'student')?.after as Record<string, unknown>;
      return after['contacts'];
    };
    const all = await contactsOf(CREATE_MAPPING);
    assert.notDeepEqual(all, []);
    assert.deepEqual(await contactsOf(choosing({ student: columns, teacher: columns })), all);
  });

test('OneRoster: agents that are not chosen are no contacts', async () => {
  const { items } = await stageFiles(WITH_AGENTS, { mapping: choosing({ student: [], teacher: [] }) });
  const after = items.find(({ kind }) => kind === 'student')?.after as Record<string, unknown>;
  assert.equal(after['contacts'], undefined);
});

for (const [format, files] of [
  ['SDS V1', GOOD_FILES],
  ['SDS V2.1', GOOD_V21],
] as const)
  test(`${format}: classes that are told apart by their session stay the same when it is not chosen`, async () => {
    const anchored = { classAnchor: 'idAndSession' } as const;
    const before = await stageFiles(files, { mapping: choosing({}, anchored) });
    const staged = await stageFiles(files, { after: before, mapping: choosing({ section: [] }, anchored) });
    assert.deepEqual(
      staged.items.filter(
        ({ kind, action }) => kind === 'enrollment' || (kind === 'class' && action !== 'update'),
      ),
      [],
    );
  });
