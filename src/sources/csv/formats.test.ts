import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  toCleverFormat,
  toOneRosterFormat,
  toUkFormat,
  toV21Format,
  toV2Format,
} from '#test/helpers/other-formats.ts';
import { shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import { makeExamples } from '../../../scripts/make-examples.ts';

const { contoso } = makeExamples();
const CLEVER = toCleverFormat(contoso);

/** What a plan says, without what only one of the formats can say, and without what depends on the order of the files. */
function said({ items }: StagedFiles, leftOut: readonly string[] = []): string[] {
  return items
    .map(({ kind, action, sourceId, schoolId, after, hasSecret }) => {
      const record = Object.entries((after ?? {}) as Record<string, unknown>).filter(
        ([property, value]) => value !== null && !leftOut.includes(`${kind}.${property}`),
      );
      return JSON.stringify([
        kind,
        action,
        sourceId,
        schoolId,
        record.toSorted(([a], [b]) => (a < b ? -1 : 1)),
        hasSecret,
      ]);
    })
    .toSorted();
}

describe('the same school in another format', () => {
  test('UK titles: the same plan, and no change after SDS V1', async () => {
    const first = await stageFiles(contoso);
    const uk = await stageFiles(toUkFormat(contoso));
    assert.deepEqual(shownFindings(uk.findings), []);
    assert.deepEqual(said(uk), said(first));
    assert.equal((await stageFiles(toUkFormat(contoso), { after: first })).result.itemCount, 0);
  });

  test('Clever: the same plan, as far as it can say it', async () => {
    // Clever has no ids of terms and courses, no country, no status; and it says which teacher is the primary one.
    const leftOut = [
      'org.country',
      'class.status',
      'student.status',
      'teacher.status',
      'enrollment.isPrimary',
    ];
    const bySessionAndCourse = (line: string): boolean => !/^\["(academicSession|course)"/u.test(line);
    const v1 = await stageFiles(contoso);
    const clever = await stageFiles(CLEVER);
    assert.deepEqual(
      said(clever, leftOut).filter(bySessionAndCourse),
      said(v1, leftOut).filter(bySessionAndCourse),
    );
    const { academicSession, course, enrollment } = clever.result.kinds;
    assert.deepEqual([academicSession.created, course.created, enrollment.created], [1, 8, 504]);
    const again = await stageFiles(CLEVER, { after: clever });
    assert.equal(again.result.itemCount, 0);
  });
});

describe('which format it is', () => {
  const recognized = async (files: Record<string, string>) => (await stageFiles(files)).result.format;

  test('by the names of the files', async () => {
    const { name, title, how, evidence } = await recognized(CLEVER);
    assert.deepEqual([name, title, how], ['clever', 'Clever CSV', 'detected']);
    assert.deepEqual(evidence, [
      '5 of its 5 files are there: schools.csv, students.csv, teachers.csv, sections.csv, enrollments.csv.',
    ]);
  });

  test('by the titles of the columns where names are the same', async () => {
    const v1 = await recognized(contoso);
    const uk = await recognized(toUkFormat(contoso));
    assert.deepEqual([v1.name, uk.name], ['sds-v1', 'sds-v1-uk']);
    assert.equal(v1.evidence[1], 'school.csv has the columns "SIS ID", as SDS V1 calls them.');
    assert.equal(uk.evidence[1], 'school.csv has the columns "DfE Number", as SDS V1 (UK) calls them.');
  });

  for (const [name, files] of [
    ['sds-v2', toV2Format(contoso)],
    ['sds-v2.1', toV21Format(contoso)],
    ['oneroster-1.1', toOneRosterFormat(contoso, '1.1')],
    ['oneroster-1.2', toOneRosterFormat(contoso, '1.2')],
  ] as const)
    test(`${name}: among formats with files of the same names, with and without a manifest`, async () => {
      const { 'manifest.csv': manifest, ...loose } = files;
      assert.equal((await recognized(loose)).name, name);
      if (manifest === undefined) return;
      const { evidence, ...said } = await recognized({ ...loose, 'Manifest.csv': manifest });
      assert.equal(said.name, name);
      assert.match(evidence[0] ?? '', /^manifest\.csv says that it is OneRoster 1\.[12]\.$/u);
    });

  test('SDS V2.1 with the files that must be there, and with all ten', async () => {
    const all = toV21Format(contoso);
    const pick = (...names: string[]): Record<string, string> =>
      Object.fromEntries(names.map((name) => [name, all[name] ?? '']));
    const least = await recognized(pick('orgs.csv', 'users.csv', 'roles.csv'));
    assert.equal(least.name, 'sds-v2.1');
    assert.equal(least.evidence[0], '3 of its 3 files are there: orgs.csv, users.csv, roles.csv.');
    const more = { 'demographics.csv': 'userSourcedId,sex\n', 'userFlags.csv': 'userSourcedId,flag\n' };
    assert.equal((await recognized({ ...all, ...more })).name, 'sds-v2.1');
  });

  test('what most files are of; the others are findings', async () => {
    const { result, findings } = await stageFiles({
      ...contoso,
      'students.csv': CLEVER['students.csv'] ?? '',
    });
    assert.equal(result.format.name, 'sds-v1');
    assert.deepEqual(
      findings.map(({ code, file, message }) => [code, file, message]),
      [['FILE_UNKNOWN', 'students.csv', 'students.csv is not part of SDS V1.']],
    );
  });

  test('nothing at all: no format is known; the files of SDS V1 are missing', async () => {
    const { result } = await stageFiles({});
    assert.deepEqual(result.format, {
      name: null,
      title: 'Format not known',
      how: 'unknown',
      evidence: ['No file of a format that Rollbook reads is there.'],
    });
    assert.equal(result.findingCounts.filter(({ code }) => code === 'FILE_MISSING_REQUIRED').length, 6);
  });

  test('the profile knows better', async () => {
    const { result } = await stageFiles(contoso, { format: 'clever' });
    assert.deepEqual([result.format.how, result.fatal], ['set', true]);
  });
});

describe('Clever', () => {
  const section = (...cells: string[]): string => `${cells.join(',')}\r\n`;
  const HEADER = 'School_id,Section_id,Teacher_id,Teacher_2_id,Name,Course_name,Section_number\r\n';
  const withSections = (...rows: string[]): Record<string, string> => ({
    ...CLEVER,
    'sections.csv': HEADER + rows.join(''),
    'enrollments.csv': 'School_id,Section_id,Student_id\r\n',
  });
  const places = ({ items }: StagedFiles): string[] =>
    items.filter(({ kind }) => kind === 'enrollment').map(({ action, sourceId }) => `${action} ${sourceId}`);

  test('a class without a name has that of its course, else its number, else its id', async () => {
    const { items } = await stageFiles(
      withSections(
        section('1001', 'a', '', '', 'Own name', 'Maths', '7'),
        section('1001', 'b', '', '', '', 'Maths', '7'),
        section('1001', 'c', '', '', '', '', '7'),
        section('1001', 'd', '', '', '', '', ''),
      ),
    );
    const names = items
      .filter(({ kind }) => kind === 'class')
      .map(({ after }) => (after as { displayName: string }).displayName);
    assert.deepEqual(names, ['Own name', 'Maths', '7', 'd']);
  });

  test('a renamed course renames the classes that have its name', async () => {
    const first = await stageFiles(withSections(section('1001', 'b', '', '', '', 'Maths', '7')));
    const second = await stageFiles(withSections(section('1001', 'b', '', '', '', 'Mathematics', '7')), {
      after: first,
    });
    assert.equal(second.items.find(({ kind }) => kind === 'class')?.action, 'update');
  });

  test('teachers in columns: each once, also from a second row of the section', async () => {
    const staged = await stageFiles(
      withSections(
        section('1001', 'a', 'T201', 'T202', 'A', '', ''),
        section('1001', 'a', 'T203', 'T201', 'A', '', ''),
      ),
    );
    assert.deepEqual(places(staged), ['create a/T201', 'create a/T202', 'create a/T203']);
  });

  test('a teacher who is not there is left out with a warning; the class and the other teacher stay', async () => {
    const staged = await stageFiles(withSections(section('1001', 'a', 'nobody', 'T202', 'A', '', '')));
    assert.deepEqual(places(staged), ['create a/T202']);
    assert.deepEqual(
      staged.findings
        .filter(({ file }) => file === 'sections.csv')
        .map(({ code, severity, line, field, value }) => [code, severity, line, field, value]),
      [['REFERENCE_NOT_FOUND', 'warning', 2, 'Teacher_id', 'nobody']],
    );
  });

  test('while a section is faulty, no teacher is taken from a class', async () => {
    const first = await stageFiles(
      withSections(
        section('1001', 'a', 'T201', '', 'A', '', ''),
        section('1001', 'b', 'T202', '', 'B', '', ''),
      ),
    );
    const second = await stageFiles(
      withSections(section('', 'a', 'T201', '', 'A', '', ''), section('1001', 'b', '', '', 'B', '', '')),
      { after: first },
    );
    assert.deepEqual(places(second), []);
    const third = await stageFiles(
      withSections(section('1001', 'a', 'T201', '', 'A', '', ''), section('1001', 'b', '', '', 'B', '', '')),
      { after: second },
    );
    assert.equal(places(third).length, 1);
    assert.match(places(third)[0] ?? '', /^end /u);
  });

  test('all teachers gone from the sections at once: the run waits for a confirmation, as for a file without rows', async () => {
    const row = section('1001', 'a', 'T201', 'T202', 'A', '', '');
    const first = await stageFiles(withSections(row));
    const empty = withSections(section('1001', 'a', '', '', 'A', '', ''));
    const second = await stageFiles(empty, { after: first });
    assert.deepEqual(
      second.findings
        .filter(({ severity }) => severity === 'fatal')
        .map(({ code, file, message }) => [code, file, message]),
      [
        [
          'FILE_EMPTY_HAD_ROWS',
          'sections.csv',
          'sections.csv names no teacher of any class, and the directory has 2 places of teachers from it.',
        ],
      ],
    );
    assert.deepEqual([second.result.itemCount, second.result.filesToConfirm], [0, ['sections.csv']]);
    const confirmed = await stageFiles(empty, { after: first, confirmedFiles: ['sections.csv'] });
    assert.equal(places(confirmed).length, 2);
  });

  test('without the column of the first teacher the sections are not taken; the other columns may be missing', async () => {
    const without = await stageFiles({
      ...CLEVER,
      'sections.csv': 'School_id,Section_id,Name\r\n1001,a,A\r\n',
    });
    assert.deepEqual(
      without.findings.filter(({ file, severity }) => file === 'sections.csv' && severity === 'fatal'),
      [
        {
          code: 'HEADER_MISSING',
          severity: 'fatal',
          file: 'sections.csv',
          line: 1,
          field: 'Teacher_id',
          message: 'The file has no column "Teacher_id".',
        },
      ],
    );
    const one = await stageFiles({
      ...CLEVER,
      'sections.csv': 'School_id,Section_id,Teacher_id,Name\r\n1001,a,,A\r\n',
      'enrollments.csv': 'School_id,Section_id,Student_id\r\n',
    });
    assert.equal(one.result.fatal, false);
  });

  test('a number alone in the last row is no total unless it counts the rows: nobody is ended for it', async () => {
    const first = await stageFiles(CLEVER);
    const rows = (CLEVER['enrollments.csv'] ?? '').trimEnd().split('\r\n');
    const last = (rows.at(-1) ?? '').split(',');
    const cut = [...rows.slice(0, -1), `,,${last[2]}`].join('\r\n');
    const second = await stageFiles({ ...CLEVER, 'enrollments.csv': `${cut}\r\n` }, { after: first });
    assert.deepEqual(places(second), []);
    assert.equal(second.findings.filter(({ code }) => code === 'ROW_TOTALS').length, 0);
  });

  test('a pupil has a row for each contact: no finding', async () => {
    const [header = '', first = ''] = (CLEVER['students.csv'] ?? '').split('\r\n');
    const students = [
      `${header},Contact_name,Contact_email`,
      `${first},Pat,pat@example.com`,
      `${first},Sam,sam@example.com`,
    ];
    const staged = await stageFiles({
      ...CLEVER,
      'students.csv': students.join('\r\n'),
      'enrollments.csv': 'School_id,Section_id,Student_id\r\n',
    });
    assert.deepEqual(
      staged.findings.filter(({ severity }) => severity !== 'information'),
      staged.findings.filter(({ code }) => code === 'FILE_EMPTY'),
    );
    assert.equal(staged.result.kinds.student.created, 1);
  });
});
