import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { GOOD_FILES } from '#test/helpers/fault-case.ts';
import { toCleverFormat, toUkFormat } from '#test/helpers/other-formats.ts';
import {
  shownFindings,
  stageFiles,
  type StagedFiles,
  type StageFilesOptions,
} from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

type Lines = readonly string[];
const PEOPLE = ['ana@home.example,Ana,Elm,555-1,x', 'Ben@Home.example,Ben,Elm,,'];
const GUARDIANS = ['1,ben@home.example,', '1,ana@home.example,Parent', '2,ana@home.example,Relative'];

const v1 = (people: Lines, guardians: Lines): Record<string, string> => ({
  ...GOOD_FILES,
  'user.csv': ['Email,First Name,Last Name,Phone,SIS ID', ...people, ''].join('\n'),
  'guardianrelationship.csv': ['SIS ID,Email,Role', ...guardians, ''].join('\n'),
});

const HEADER =
  'School_id,Student_id,First_name,Last_name,Username,Contact_relationship,Contact_type,Contact_name,Contact_phone,Contact_email,Contact_sis_id';
const CLEVER = Object.fromEntries(
  Object.entries(toCleverFormat(GOOD_FILES)).map(([name, text]) => [
    name,
    text.replaceAll(/(\d\d)\/(\d\d)\/(\d{4})/gu, '$3-$1-$2'),
  ]),
);
const clever = (rows: Lines, header = HEADER): Record<string, string> => ({
  ...CLEVER,
  'students.csv': [header, ...rows, ''].join('\n'),
});
const ADA = 'A,1,Ada,Elm,aelm';
const BEN = 'B,2,Ben,Fir,bfir';
const CLEVER_ROWS = [
  `${ADA},Mother,Primary,Ana Elm,555-1,ana@home.example,x`,
  `${BEN},Aunt/Uncle,,Ana Elm,555-1,ana@home.example,x`,
  `${ADA},,,Ben Elm,,Ben@Home.example,`,
];

const ana = { displayName: 'Ana Elm', emailAddress: 'ana@home.example', mobilePhone: '555-1' };
const ben = { displayName: 'Ben Elm', emailAddress: 'Ben@Home.example', mobilePhone: null };
const ADAS = [
  { ...ana, relationship: 'parent' },
  { ...ben, relationship: 'other' },
];

/** Students of the plan: what it does, and the contacts of their records. */
function contactsOf({ items }: StagedFiles): Record<string, unknown> {
  return Object.fromEntries(
    items
      .filter(({ kind }) => kind === 'student')
      .map(({ action, sourceId, key, after }) => {
        const { contacts, incomplete } = (after ?? {}) as { contacts?: unknown; incomplete?: unknown };
        return [
          `${action} ${sourceId ?? key}`,
          incomplete === undefined ? contacts : { contacts, incomplete },
        ];
      }),
  );
}

const after = async (
  first: StagedFiles,
  files: Record<string, string>,
  options: StageFilesOptions = {},
): Promise<StagedFiles> => stageFiles(files, { ...options, after: first });

for (const { format, files, base, of } of [
  {
    format: 'SDS V1',
    base: v1(PEOPLE, GUARDIANS),
    files: {
      'in another order': v1(PEOPLE.toReversed(), GUARDIANS.toReversed()),
      changed: v1(['ana@home.example,Ana,Elm,555-2,x', ...PEOPLE.slice(1)], GUARDIANS),
      'one gone': v1(PEOPLE, GUARDIANS.slice(1)),
      'bad row': v1(PEOPLE, ['1,,Parent', ...GUARDIANS.slice(1)]),
      'broken row': v1(PEOPLE, ['1,', ...GUARDIANS.slice(1)]),
      'no contact': v1([], []),
      'the only one bad': v1(PEOPLE, [...GUARDIANS.slice(0, 2), '2,,']),
      'unreadable row': v1(PEOPLE, [',ben@home.example,', ...GUARDIANS.slice(1)]),
    },
    of: 'guardianrelationship.csv',
  },
  {
    format: 'Clever',
    base: clever(CLEVER_ROWS),
    files: {
      'in another order': clever(CLEVER_ROWS.toReversed()),
      changed: clever(CLEVER_ROWS.map((row) => row.replace('555-1', '555-2'))),
      'one gone': clever(CLEVER_ROWS.slice(0, 2)),
      'bad row': clever([...CLEVER_ROWS.slice(0, 2), `${ADA},,,Ben Elm,,,`]),
      'broken row': clever([...CLEVER_ROWS.slice(0, 2), `${ADA},,`]),
      'no contact': clever([`${ADA},,,,,,`, `${BEN},,,,,,`]),
      'the only one bad': clever([...CLEVER_ROWS.slice(0, 1), `${BEN},Mother,,,,,`, ...CLEVER_ROWS.slice(2)]),
      'unreadable row': clever([...CLEVER_ROWS.slice(0, 2), `"${ADA},,,Ben Elm,,Ben@Home.example,`]),
    },
    of: 'students.csv',
  },
]) {
  describe(`contacts in ${format}`, () => {
    test('are part of the record of the student', async () => {
      const staged = await stageFiles(base);
      assert.deepEqual(shownFindings(staged.findings), []);
      assert.deepEqual(contactsOf(staged), {
        'create 1': ADAS,
        'create 2': [{ ...ana, relationship: 'relative' }],
      });
    });

    test('the order of rows makes no difference; one that changes is an update of its students', async () => {
      const first = await stageFiles(base);
      for (const same of [base, files['in another order']])
        assert.equal((await after(first, same)).result.itemCount, 0);
      assert.deepEqual(contactsOf(await after(first, files.changed)), {
        'update 1': [{ ...ana, mobilePhone: '555-2', relationship: 'parent' }, ADAS[1]],
        'update 2': [{ ...ana, mobilePhone: '555-2', relationship: 'relative' }],
      });
      const without = await after(first, files['one gone']);
      assert.deepEqual(contactsOf(without), { 'update 1': ADAS.slice(0, 1) });
      assert.equal((await after(without, files['one gone'])).result.itemCount, 0);
    });

    test('a bad row: nothing of its student is taken for gone, until it is corrected', async () => {
      const first = await stageFiles(base);
      for (const bad of ['bad row', 'broken row', 'unreadable row'] as const) {
        const staged = await after(first, files[bad]);
        assert.deepEqual(
          contactsOf(staged),
          { 'update 1': { contacts: ADAS.slice(0, 1), incomplete: ['contacts'] } },
          bad,
        );
        assert.ok(shownFindings(staged.findings).includes(`ABSENCE_NOT_PROVEN ${of} contacts (information)`));
        assert.equal(staged.result.incomplete, 1);
        const again = await after(staged, files[bad]);
        assert.equal(again.result.itemCount, 0, 'the same again');
        // It was not taken for what the source says without the row.
        assert.deepEqual(contactsOf(await after(again, files['one gone'])), { 'update 1': ADAS.slice(0, 1) });
        assert.deepEqual(contactsOf(await after(again, base)), { 'update 1': ADAS });
      }
    });

    test('who has nothing but a bad row still counts as one who had contacts', async () => {
      const first = await stageFiles(base);
      const staged = await after(first, files['the only one bad']);
      assert.deepEqual(contactsOf(staged), { 'update 2': { contacts: [], incomplete: ['contacts'] } });
      const gone = await after(staged, files['no contact']);
      assert.ok(shownFindings(gone.findings).includes(`FILE_EMPTY_HAD_ROWS ${of} (fatal)`));
      assert.match(
        gone.findings.map(({ message }) => message).join(),
        of === 'students.csv' ? /any more of 2 students/u : /no rows/u,
      );
    });

    test('a new student with a bad row has what could be read, and no second thoughts', async () => {
      const first = await stageFiles(files['unreadable row']);
      assert.deepEqual(contactsOf(first)['create 1'], ADAS.slice(0, 1));
      assert.equal((await after(first, files['one gone'])).result.itemCount, 0);
      assert.deepEqual(contactsOf(await after(first, base)), { 'update 1': ADAS });
    });
  });
}

test('SDS V1 (UK): the two files of contacts have the titles of SDS V1', async () => {
  const {
    'user.csv': people = '',
    'guardianrelationship.csv': guardians = '',
    ...six
  } = v1(PEOPLE, GUARDIANS);
  const staged = await stageFiles({
    ...toUkFormat(six),
    'user.csv': people,
    'guardianrelationship.csv': guardians,
  });
  assert.equal(staged.result.format.name, 'sds-v1-uk');
  assert.deepEqual(shownFindings(staged.findings), []);
  assert.deepEqual(contactsOf(staged)['create 1'], ADAS);
});

test('six files are six, whether contacts come along or not', async () => {
  const { format } = (await stageFiles(v1(PEOPLE, GUARDIANS))).result;
  assert.match(format.evidence[0] ?? '', /^6 of its 6 files are there/u);
});

describe('contacts that are gone as a whole', () => {
  const NONE = Object.fromEntries(
    Object.entries(v1([], [])).filter(([name]) => !/^(user|guard)/u.test(name)),
  );

  test('files that never were there are not missed', async () => {
    const first = await stageFiles(NONE);
    assert.deepEqual(shownFindings(first.findings), []);
    assert.deepEqual(contactsOf(first), { 'create 1': undefined, 'create 2': undefined });
    // Nor do students without contacts change when the files come.
    const second = await after(first, v1(PEOPLE, GUARDIANS.slice(2)));
    assert.deepEqual(Object.keys(contactsOf(second)), ['update 2']);
  });

  test('the files of SDS V1: each is confirmed by name, then contacts are removed', async () => {
    const first = await stageFiles(v1(PEOPLE, GUARDIANS));
    const files = ['user.csv', 'guardianrelationship.csv'];
    for (const [broken, code] of [
      [NONE, 'FILE_MISSING_REQUIRED'],
      [v1([], []), 'FILE_EMPTY_HAD_ROWS'],
    ] as const) {
      const staged = await after(first, broken);
      assert.deepEqual(
        shownFindings(staged.findings),
        files.map((file) => `${code} ${file} (fatal)`),
      );
      assert.deepEqual(staged.result.filesToConfirm, files);
      assert.deepEqual(staged.items, []);
      const confirmed = await after(first, broken, { confirmedFiles: files });
      assert.equal(confirmed.result.fatal, false);
      assert.deepEqual(contactsOf(confirmed), { 'update 1': [], 'update 2': [] });
      // Then they are missed no more.
      assert.equal((await after(confirmed, NONE)).result.itemCount, 0);
      assert.equal((await after(confirmed, NONE)).result.fatal, false);
    }
    const half = await after(first, v1([], GUARDIANS));
    assert.deepEqual(half.result.filesToConfirm, ['user.csv']);
  });

  test('columns of Clever: no contact of any student, or no such column, is no answer', async () => {
    const first = await stageFiles(clever(CLEVER_ROWS));
    const without = [ADA, BEN];
    for (const files of [
      clever(without.map((row) => `${row},,,,,,`)),
      clever(without, HEADER.split(',').slice(0, 5).join(',')),
    ]) {
      const staged = await after(first, files);
      assert.deepEqual(shownFindings(staged.findings), ['FILE_EMPTY_HAD_ROWS students.csv (fatal)']);
      assert.deepEqual(staged.result.filesToConfirm, ['students.csv']);
      assert.deepEqual(staged.items, []);
      const confirmed = await after(first, files, { confirmedFiles: ['students.csv'] });
      assert.deepEqual(Object.keys(contactsOf(confirmed)), ['update 1', 'update 2']);
      assert.equal((await after(confirmed, files)).result.fatal, false);
    }
  });

  test('half a file: more students without any contact than may leave unasked', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => String(100 + n));
    const many = (guardians: Lines): Record<string, string> => ({
      ...v1(
        PEOPLE,
        guardians.map((id) => `${id},ana@home.example,Parent`),
      ),
      'student.csv': `${GOOD_FILES['student.csv']}${ids.map((id) => `${id},A,S,T,s${id},5,\n`).join('')}`,
    });
    const first = await stageFiles(many(ids));
    const cut = await after(first, many(ids.slice(26)));
    assert.deepEqual(shownFindings(cut.findings), ['FILE_EMPTY_HAD_ROWS guardianrelationship.csv (fatal)']);
    assert.deepEqual(cut.items, []);
    const fewer = await after(first, many(ids.slice(25)));
    assert.equal(fewer.result.fatal, false);
    assert.equal(fewer.items.length, 25);
  });
});

describe('optionalPropertiesToSync', () => {
  const choose = (...student: string[]): StageFilesOptions => ({
    mapping: { ...CREATE_MAPPING, optionalProperties: { ...CREATE_MAPPING.optionalProperties, student } },
  });

  test('Clever: one column of a contact stands for all of them', async () => {
    const chosen = await stageFiles(clever(CLEVER_ROWS), choose('Contact_name'));
    assert.deepEqual(contactsOf(chosen)['create 1'], ADAS);
    const not = await after(chosen, clever(CLEVER_ROWS), choose('Grade'));
    assert.deepEqual(shownFindings(not.findings), []);
    assert.deepEqual(contactsOf(not), { 'update 1': undefined, 'update 2': undefined });
  });

  test('SDS V1: who sends the two files wants contacts', async () => {
    assert.deepEqual(contactsOf(await stageFiles(v1(PEOPLE, GUARDIANS), choose()))['create 1'], ADAS);
  });
});

test('Clever: what is wrong with a contact is a warning, and the student stays', async () => {
  const staged = await stageFiles(
    clever([
      ...CLEVER_ROWS,
      `${ADA},Mother,,,555,nameless@home.example,`,
      `${ADA},Mother,,Only Phone,555,,`,
      `${ADA},Godmother,,Eve,,eve@home.example,`,
      `${ADA},,Emergency,Fay,,fay@home.example,`,
      `${ADA},,Parent/Guardian,Gil,,"gil@home.example, gil@work.example",`,
    ]),
  );
  assert.deepEqual(shownFindings(staged.findings), [
    'CONTACT_INCOMPLETE students.csv:5 Contact_name (warning)',
    'CONTACT_INCOMPLETE students.csv:6 Contact_email (warning)',
    'RELATIONSHIP_UNKNOWN students.csv:7 Contact_relationship (information)',
    'EMAIL_INVALID students.csv:9 Contact_email (warning)',
  ]);
  assert.equal(staged.result.files.find(({ file }) => file === 'students.csv')?.badRows, 0);
  const names = (contactsOf(staged)['create 1'] as { displayName: string }[]).map(
    ({ displayName }) => displayName,
  );
  assert.deepEqual(names, ['Ana Elm', 'Ben Elm', 'Eve', 'Fay']);
});
