import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FINDING_CODES } from '#core/findings.ts';
import { shownFindings, stageFiles, type StageFilesOptions } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING, MATCH_MAPPING } from '#test/helpers/stage-upload.ts';

type Files = Record<string, string | Uint8Array>;

const GOOD: Readonly<Record<string, string>> = {
  'school.csv': 'SIS ID,Name\nA,Alder\nB,Birch\n',
  'section.csv':
    'SIS ID,School SIS ID,Section Name,Term SIS ID,Term Name,Term StartDate,Term EndDate\nm1,A,Math,T1,Autumn,2026-08-01,2027-07-31\nm2,B,Music,T1,Autumn,2026-08-01,2027-07-31\n',
  'student.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Grade,Birthdate\n1,A,Ada,Elm,aelm,5,2015-03-01\n2,B,Ben,Fir,bfir,6,2014-04-02\n',
  'teacher.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\n1,A,Tea,Oak,toak\n',
  'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,1\nm2,2\n',
  'teacherroster.csv': 'Section SIS ID,SIS ID\nm1,1\n',
};

interface Case {
  readonly name: string;
  /** Rows added to the good files; null: the file is left out. */
  readonly add?: Files;
  readonly replace?: Record<string, string | Uint8Array | null>;
  readonly options?: StageFilesOptions;
  readonly expect: readonly string[];
}

const long = (length: number): string => 'x'.repeat(length);
const student = (row: string): Files => ({ 'student.csv': `${row}\n` });
const section = (row: string): Files => ({ 'section.csv': `${row}\n` });
const replacing: StageFilesOptions = { mapping: { ...CREATE_MAPPING, replaceSpecialCharacters: true } };

const cases: readonly Case[] = [
  { name: 'nothing is wrong', expect: [] },

  // Files
  {
    name: 'a missing file',
    replace: { 'teacher.csv': null },
    expect: ['FILE_MISSING_REQUIRED teacher.csv (fatal)'],
  },
  {
    name: 'a missing school file brings no errors about references',
    replace: { 'school.csv': null },
    expect: ['FILE_MISSING_REQUIRED school.csv (fatal)'],
  },
  { name: 'an unknown file', add: { 'Notes.csv': 'x' }, expect: ['FILE_UNKNOWN notes.csv (fatal)'] },
  { name: 'contacts', add: { 'user.csv': 'x' }, expect: ['FILE_IGNORED user.csv (warning)'] },
  {
    name: 'a file twice',
    add: { 'School.CSV': 'SIS ID,Name\n' },
    expect: ['FILE_DUPLICATE school.csv (fatal)'],
  },
  {
    name: 'a manifest that is right says nothing',
    add: {
      'Manifest.json':
        '{"files": [{"name": "Student.csv", "rows": 2}, {"name": "school.csv", "sizeBytes": 28}]}',
    },
    expect: [],
  },
  {
    name: 'a manifest that knows of more rows, other bytes and another file',
    add: {
      'manifest.json': `{"files": [{"name": "student.csv", "rows": 3}, {"name": "teacher.csv", "sha256": "${'0'.repeat(64)}"}, {"name": "user.csv", "rows": 1}]}`,
    },
    expect: [
      'MANIFEST_MISMATCH student.csv (fatal)',
      'MANIFEST_MISMATCH teacher.csv (fatal)',
      'MANIFEST_MISMATCH user.csv (fatal)',
    ],
  },
  {
    name: 'a manifest that is none',
    add: { 'manifest.json': '{"files": "all"}' },
    expect: ['MANIFEST_UNREADABLE manifest.json (fatal)'],
  },
  {
    name: 'a header-only file that had no rows before',
    replace: { 'teacherroster.csv': 'Section SIS ID,SIS ID\n' },
    expect: ['FILE_EMPTY teacherroster.csv (warning)'],
  },
  {
    name: 'an empty file',
    replace: { 'school.csv': '' },
    expect: ['HEADER_UNREADABLE school.csv (fatal)'],
  },
  {
    name: 'a file that is cut off',
    replace: { 'student.csv': `${GOOD['student.csv']}3,A,Cleo` },
    expect: ['FILE_TRUNCATED student.csv:4 (fatal)'],
  },
  {
    name: 'a file that is cut off inside quotes',
    replace: { 'student.csv': `${GOOD['student.csv']}3,A,Cleo,"Haz` },
    expect: ['FILE_TRUNCATED student.csv:4 (fatal)'],
  },
  {
    name: 'a last line without line break is fine',
    replace: { 'teacherroster.csv': 'Section SIS ID,SIS ID\nm1,1' },
    expect: [],
  },
  {
    name: 'too few fields in the last row, with a line break',
    add: { 'teacherroster.csv': 'm2\n' },
    expect: ['ROW_FIELD_COUNT teacherroster.csv:3 (error)'],
  },
  {
    name: 'Windows-1252',
    replace: { 'school.csv': Buffer.from('SIS ID,Name\nA,Ald\u00e9r\nB,Birch\n', 'latin1') },
    expect: ['ENCODING_ASSUMED school.csv (warning)'],
  },
  {
    name: 'a byte that Windows-1252 has nothing for',
    replace: { 'school.csv': Buffer.from('SIS ID,Name\nA,Ald\u00e9r\nB,Birch\u0081\n', 'latin1') },
    expect: ['ENCODING_NOT_UTF8 school.csv:2 (fatal)'],
  },
  {
    name: 'UTF-16 with half a surrogate pair',
    replace: { 'school.csv': Buffer.from('\ufeffSIS ID,Name\nA,Alder\nB,Bi\ud83crch\n', 'utf16le') },
    expect: ['ENCODING_ASSUMED school.csv (warning)', 'ENCODING_NOT_UTF8 school.csv:3 (fatal)'],
  },
  {
    name: 'UTF-16 with an odd byte at the end',
    replace: {
      'school.csv': Buffer.concat([
        Buffer.from('\ufeffSIS ID,Name\nA,Alder\nB,Birch\n', 'utf16le'),
        Buffer.of(10),
      ]),
    },
    expect: ['ENCODING_ASSUMED school.csv (warning)', 'FILE_TRUNCATED school.csv (fatal)'],
  },
  {
    name: 'UTF-16 with a zero character',
    replace: { 'school.csv': Buffer.from('\ufeffSIS ID,Name\nA,Alder\nB,Birch\nC\0,Cedar\n', 'utf16le') },
    expect: ['ENCODING_ASSUMED school.csv (warning)', 'ROW_CONTROL_CHARACTER school.csv:4 (error)'],
  },
  {
    name: 'UTF-32',
    replace: {
      'school.csv': Buffer.from(
        [...'\ufeffSIS ID,Name\nA,Alder\n'].map((one) => `${one}\0`).join(''),
        'utf16le',
      ),
    },
    expect: ['ENCODING_NOT_UTF8 school.csv:1 (fatal)'],
  },

  // Headers
  {
    name: 'a missing column',
    replace: { 'school.csv': 'SIS ID,Title\nA,Alder\nB,Birch\n' },
    expect: ['HEADER_MISSING school.csv:1 Name (fatal)', 'HEADER_UNKNOWN school.csv:1 Title (warning)'],
  },
  {
    name: 'names are needed to create users',
    replace: { 'teacher.csv': 'SIS ID,School SIS ID,Username\n1,A,toak\n' },
    expect: [
      'HEADER_MISSING teacher.csv:1 First Name (fatal)',
      'HEADER_MISSING teacher.csv:1 Last Name (fatal)',
    ],
  },
  {
    name: 'names are not needed to match users',
    replace: { 'teacher.csv': 'SIS ID,School SIS ID,Username\n1,A,toak\n' },
    options: { mapping: MATCH_MAPPING },
    expect: [],
  },
  {
    name: 'the column that is matched is missing',
    options: {
      mapping: {
        ...MATCH_MAPPING,
        identity: {
          mode: 'match',
          options: { student: { sourceProperty: 'grade', targetProperty: 'employeeId', targetDomain: null } },
        },
      },
    },
    expect: ['HEADER_MISSING student.csv:1 grade (fatal)'],
  },
  {
    name: 'a column twice',
    replace: { 'school.csv': 'SIS ID,Name,sisid\nA,Alder,A\nB,Birch,B\n' },
    expect: ['HEADER_DUPLICATE school.csv:1 sisid (fatal)'],
  },
  {
    name: 'titles in other letter case, with other blanks, a BOM, any order',
    replace: { 'school.csv': '\ufeff name , GradeLow,sis  id\r\nAlder,1,A\r\nBirch,1,B\r\n' },
    expect: [],
  },
  {
    name: 'titles with underscores, and a BOM inside the quotes',
    replace: { 'school.csv': '"\ufeffSIS_ID"," name",Grade_Low\nA,Alder,1\nB,Birch,1\n' },
    expect: [],
  },
  {
    name: 'semicolons',
    replace: { 'school.csv': 'SIS ID;Name\nA;"Alder; North"\nB;Birch, South\n' },
    expect: ['SEPARATOR_ASSUMED school.csv (information)'],
  },
  {
    name: 'semicolons, and a column is missing',
    replace: { 'teacher.csv': 'SIS ID;School SIS ID;First Name;Last Name;Login\n1;A;Tea;Oak;toak\n' },
    expect: [
      'SEPARATOR_ASSUMED teacher.csv (information)',
      'HEADER_MISSING teacher.csv:1 Username (fatal)',
      'HEADER_UNKNOWN teacher.csv:1 Login (warning)',
    ],
  },
  {
    name: 'a header that is right under two separators',
    replace: { 'school.csv': 'SIS ID;Name;x,SIS ID,Name\nA;Alder;x,A,Alder\n' },
    expect: ['HEADER_UNREADABLE school.csv:1 (fatal)'],
  },
  {
    name: 'vertical bars',
    replace: { 'school.csv': 'SIS ID|Name\nA|Alder\n' },
    expect: ['HEADER_UNREADABLE school.csv:1 (fatal)'],
  },
  {
    name: 'a million columns',
    replace: { 'school.csv': `SIS ID,Name${',x'.repeat(1_000_000)}\nA,Alder\n` },
    expect: ['HEADER_UNREADABLE school.csv:1 (fatal)'],
  },
  {
    name: 'a broken quote in the header',
    replace: { 'school.csv': 'SIS ID,"Name\nA,Alder\n' },
    expect: ['HEADER_UNREADABLE school.csv:1 (fatal)'],
  },

  // Rows
  {
    name: 'too many fields',
    add: student('3,A,Cleo,Haz,el,chaz,5,2015-01-01'),
    expect: ['ROW_FIELD_COUNT student.csv:4 (error)'],
  },
  {
    name: 'a quote that is not closed, and the next row is fine',
    add: student('3,A,"Cleo,Hazel,chaz,5,2015-01-01\n4,A,Dara,Iris,diris,5,2015-01-01'),
    expect: ['ROW_BROKEN_QUOTE student.csv:4 (error)'],
  },
  {
    name: 'a control character',
    add: student('3\0,A,Cleo,Hazel,chaz,5,2015-01-01'),
    expect: ['ROW_CONTROL_CHARACTER student.csv:4 (error)'],
  },
  {
    name: 'a row over a megabyte',
    add: student(`3,A,${long(1 << 20)},Hazel,chaz,5,2015-01-01`),
    expect: ['ROW_TOO_LONG student.csv:4 (error)'],
  },
  { name: 'blank rows', add: student(',,,,,,\n\n   \n"","",\n,'), expect: [] },
  {
    name: 'totals under the rows, and how many there were',
    add: student('Total: 2,,,,,,\n(2 rows affected)\n,,,,,,\n\n'),
    expect: ['ROW_TOTALS student.csv:4 (warning)', 'ROW_TOTALS student.csv:5 (warning)'],
  },
  {
    name: 'a sum in a row without id',
    add: student(',,,,,,2'),
    expect: ['ROW_TOTALS student.csv:4 (warning)'],
  },
  {
    name: 'the number of rows in a file of two columns, without line break',
    replace: { 'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,1\nm2,2\nTotal,2' },
    expect: ['ROW_TOTALS studentenrollment.csv:4 (warning)'],
  },
  {
    name: 'totals are at the end, or none',
    add: student('Total,,,,,,\n3,A,Cleo,Hazel,chaz,5,2015-01-01'),
    expect: [
      'REQUIRED_MISSING student.csv:4 School SIS ID (error)',
      'REQUIRED_MISSING student.csv:4 First Name (error)',
      'REQUIRED_MISSING student.csv:4 Last Name (error)',
      'REQUIRED_MISSING student.csv:4 Username (error)',
    ],
  },
  {
    name: 'a record whose id is such a word',
    replace: {
      'school.csv': 'SIS ID,Name,Address,City,Zip\nA,Alder,,,\nB,Birch,,,\nCount,Basie School,,,\n',
    },
    expect: [],
  },
  {
    name: 'a person without id in the last row',
    add: student(',A,Cleo,Hazel,chaz,5,2015-01-01'),
    expect: ['REQUIRED_MISSING student.csv:4 SIS ID (error)'],
  },
  {
    name: 'the same enrollment twice',
    add: { 'studentenrollment.csv': 'm1,1\n' },
    expect: ['ROW_DUPLICATE studentenrollment.csv:4 (warning)'],
  },
  {
    name: 'the same school twice',
    add: { 'school.csv': 'A,Alder\n' },
    expect: ['ROW_DUPLICATE school.csv:4 SIS ID (warning)'],
  },

  // Values
  {
    name: 'an empty required value',
    add: student('3,A,,Hazel,chaz,5,2015-01-01'),
    expect: ['REQUIRED_MISSING student.csv:4 First Name (error)'],
  },
  {
    name: 'an empty id',
    add: student(',A,Cleo,Hazel,chaz,5,2015-01-01'),
    expect: ['REQUIRED_MISSING student.csv:4 SIS ID (error)'],
  },
  {
    name: 'an empty user name when users are created',
    add: student('3,A,Cleo,Hazel,,5,2015-01-01'),
    expect: ['REQUIRED_MISSING student.csv:4 Username (error)'],
  },
  {
    name: 'an empty user name when users are matched by another column',
    add: student('3,A,Cleo,Hazel,,5,2015-01-01'),
    options: { mapping: MATCH_MAPPING },
    expect: [],
  },
  {
    name: 'a name that is too long',
    add: student(`3,A,${long(65)},Hazel,chaz,5,2015-01-01`),
    expect: ['VALUE_TOO_LONG student.csv:4 First Name (error)'],
  },
  {
    name: 'lengths are counted in characters',
    add: student(`3,A,${'é'.repeat(64)},${'🎓'.repeat(64)},chaz,5,2015-01-01`),
    expect: [],
  },
  {
    name: 'an optional value that is too long is left out',
    add: student(`3,A,Cleo,Hazel,chaz,${long(257)},2015-01-01`),
    expect: ['VALUE_TOO_LONG student.csv:4 Grade (warning)'],
  },
  {
    name: 'a date that is none',
    add: student('3,A,Cleo,Hazel,chaz,5,2015-02-29'),
    expect: ['DATE_INVALID student.csv:4 Birthdate (warning)'],
  },
  {
    name: 'dates that fit both orders',
    add: student('3,A,Cleo,Hazel,chaz,5,2/8/2015\n4,A,Dora,Hazel,dhaz,5,2/9/2015'),
    expect: ['DATE_AMBIGUOUS_FORMAT student.csv Birthdate (information)'],
  },
  {
    name: 'dates that fit both orders, with dashes',
    add: student('3,A,Cleo,Hazel,chaz,5,2-8-2015'),
    expect: [
      'DATE_AMBIGUOUS_FORMAT student.csv Birthdate (information)',
      'DATE_INVALID student.csv:4 Birthdate (warning)',
    ],
  },
  {
    name: 'M/D/YYYY',
    add: student('3,A,Cleo,Hazel,chaz,5,2/28/2015'),
    expect: ['DATE_ORDER_ASSUMED student.csv:4 Birthdate (information)'],
  },
  {
    name: 'D.M.YYYY, and what is no date at all',
    add: student('3,A,Cleo,Hazel,chaz,5,28.2.2015\n4,A,Dora,Hazel,dhaz,5,30.2.2015'),
    expect: [
      'DATE_ORDER_ASSUMED student.csv:4 Birthdate (information)',
      'DATE_INVALID student.csv:5 Birthdate (warning)',
    ],
  },
  {
    name: 'two orders in one column: only YYYY-MM-DD is read',
    add: student(
      '3,A,Cleo,Hazel,chaz,5,28/2/2015\n4,A,Dora,Hazel,dhaz,5,2/28/2015\n5,A,Eve,Hazel,ehaz,5,2/3/2015',
    ),
    expect: [
      'DATE_ORDER_MIXED student.csv:5 Birthdate (warning)',
      'DATE_INVALID student.csv:4 Birthdate (warning)',
      'DATE_INVALID student.csv:5 Birthdate (warning)',
      'DATE_INVALID student.csv:6 Birthdate (warning)',
    ],
  },
  {
    name: 'columns do not decide for each other when they disagree',
    add: section('m3,A,Art,T2,Spring,28/2/2027,2/28/2028'),
    expect: [
      'DATE_ORDER_ASSUMED section.csv:4 Term StartDate (information)',
      'DATE_ORDER_ASSUMED section.csv:4 Term EndDate (information)',
    ],
  },
  {
    name: 'a term that ends before it starts',
    add: section('m3,A,Art,T2,Spring,2027-02-01,2027-01-01'),
    expect: ['DATE_RANGE section.csv:4 Term EndDate (warning)'],
  },

  // Ids and user names
  {
    name: 'a blank in a section id, which nobody repairs',
    add: section('m 3,A,Art,,,,'),
    options: replacing,
    expect: ['ID_INVALID section.csv:4 SIS ID (error)'],
  },
  {
    name: 'a sign in a section id',
    add: section('m#3,A,Art,,,,'),
    expect: ['ID_INVALID section.csv:4 SIS ID (error)'],
  },
  { name: 'a sign in a section id, replaced', add: section('m#3,A,Art,,,,'), options: replacing, expect: [] },
  { name: 'a section id of 56 characters', add: section(`${long(56)},A,Art,,,,`), expect: [] },
  {
    name: 'a section id of 65 characters, replacing or not',
    add: section(`${long(65)},A,Art,,,,`),
    options: replacing,
    expect: ['ID_INVALID section.csv:4 SIS ID (error)'],
  },
  {
    name: 'a person twice in one school',
    add: student('1,A,Ada,Elm,aelm,5,2015-03-01'),
    expect: ['ID_DUPLICATE student.csv:4 SIS ID (warning)'],
  },
  { name: 'a person in two schools', add: student('1,B,Ada,Elm,aelm,5,2015-03-01'), expect: [] },
  {
    name: 'a person in two schools with two names',
    add: student('1,B,Ava,Elm,aelm,5,2015-03-01'),
    expect: ['ID_DUPLICATE student.csv:4 SIS ID (warning)'],
  },
  {
    name: 'a section twice, with another name',
    add: section('m1,A,Maths,T1,Autumn,2026-08-01,2027-07-31'),
    expect: ['ID_DUPLICATE section.csv:4 SIS ID (warning)'],
  },
  {
    name: 'a term described twice',
    add: section('m3,A,Art,T1,Fall,2026-08-01,2027-07-31\nm4,A,Art,T1,Fall,2026-08-01,2027-07-31'),
    expect: ['ID_DUPLICATE section.csv:4 Term SIS ID (warning)'],
  },
  {
    name: 'a user name twice, in other letter case',
    add: student('3,A,Ann,Elm,AElm,5,2015-03-01'),
    expect: ['USERNAME_DUPLICATE student.csv:4 Username (warning)'],
  },
  {
    name: 'a student and a teacher with one user name',
    replace: { 'teacher.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\n1,A,Tea,Oak,aelm\n' },
    expect: [],
  },
  {
    name: 'a user name with a blank',
    add: student('3,A,Ann,Elm,an elm,5,2015-03-01'),
    options: replacing,
    expect: ['USERNAME_INVALID student.csv:4 Username (error)'],
  },
  {
    name: 'a user name with an accent',
    add: student('3,A,Ann,Elm,zoë,5,2015-03-01'),
    expect: ['USERNAME_INVALID student.csv:4 Username (error)'],
  },
  {
    name: 'a user name with an accent, replaced',
    add: student('3,A,Ann,Elm,zoë,5,2015-03-01'),
    options: replacing,
    expect: [],
  },
  {
    name: 'a user name with a domain of its own',
    add: student('3,A,Ann,Elm,annelm@other.example,5,2015-03-01'),
    expect: [],
  },
  {
    name: 'a user name without any domain',
    options: {
      mapping: {
        ...CREATE_MAPPING,
        identity: { mode: 'create', domains: { student: 's.example', teacher: null } },
      },
    },
    expect: [
      'USERNAME_INVALID teacher.csv:2 Username (error)',
      'REFERENCE_DROPPED teacherroster.csv:2 SIS ID (information)',
    ],
  },

  // References
  {
    name: 'a section of an unknown school',
    add: section('m3,X,Art,,,,'),
    expect: ['REFERENCE_NOT_FOUND section.csv:4 School SIS ID (error)'],
  },
  {
    name: 'a student of an unknown school',
    add: student('3,X,Ann,Elm,annelm,5,2015-03-01'),
    expect: ['REFERENCE_NOT_FOUND student.csv:4 School SIS ID (error)'],
  },
  {
    name: 'an enrollment of nobody in nothing',
    add: { 'studentenrollment.csv': 'x,y\n' },
    expect: [
      'REFERENCE_NOT_FOUND studentenrollment.csv:4 Section SIS ID (error)',
      'REFERENCE_NOT_FOUND studentenrollment.csv:4 SIS ID (error)',
    ],
  },
  {
    name: 'a teacher is no student',
    add: { 'studentenrollment.csv': 'm1,T9\n', 'teacher.csv': 'T9,A,Tea,Yew,tyew\n' },
    expect: ['REFERENCE_NOT_FOUND studentenrollment.csv:4 SIS ID (error)'],
  },
  {
    name: 'what hangs on a dropped record waits for it',
    add: { ...section('m#3,A,Art,,,,'), 'teacherroster.csv': 'm#3,1\n' },
    expect: [
      'ID_INVALID section.csv:4 SIS ID (error)',
      'REFERENCE_DROPPED teacherroster.csv:3 Section SIS ID (information)',
    ],
  },
  {
    name: 'what hangs on a dropped school waits for it',
    add: { 'school.csv': 'C,\n', ...section('m3,C,Art,,,,'), 'teacherroster.csv': 'm3,1\n' },
    expect: [
      'REQUIRED_MISSING school.csv:4 Name (error)',
      'REFERENCE_DROPPED section.csv:4 School SIS ID (information)',
      'REFERENCE_DROPPED teacherroster.csv:3 Section SIS ID (information)',
    ],
  },
  {
    name: 'a principal may be unknown',
    replace: { 'school.csv': 'SIS ID,Name,Principal SIS ID\nA,Alder,999\nB,Birch,\n' },
    expect: [],
  },
];

/** Codes that need a snapshot: their tests are in compare-rosters.test.ts. */
const ELSEWHERE = ['FILE_EMPTY_HAD_ROWS', 'ABSENCE_NOT_PROVEN'];

function filesOf({ add = {}, replace = {} }: Case): Files {
  const files: Files = { ...GOOD };
  for (const [name, content] of Object.entries(replace)) {
    if (content === null) delete files[name];
    else files[name] = content;
  }
  for (const [name, rows] of Object.entries(add)) files[name] = `${String(files[name] ?? '')}${String(rows)}`;
  return files;
}

describe('findings', () => {
  for (const one of cases) {
    test(one.name, async () => {
      const { findings, result } = await stageFiles(filesOf(one), one.options);
      assert.deepEqual(shownFindings(findings), one.expect);
      assert.equal(
        result.fatal,
        one.expect.some((line) => line.endsWith('(fatal)')),
      );
      const errors = findings.filter(({ severity }) => severity === 'error');
      const badRows = new Set(errors.map(({ file, line }) => `${file}:${line}`));
      assert.equal(
        result.files.reduce((sum, file) => sum + file.badRows, 0),
        badRows.size,
      );
      if (result.fatal) assert.equal(result.itemCount, 0);
      for (const finding of findings) {
        assert.match(finding.message, /^\P{Cc}+\.$/u);
        assert.doesNotMatch(`${finding.value} ${finding.sourceId}`, /\p{Cc}/u);
      }
    });
  }

  test('there is a case for every code; those of zips are in hostile-zips.test.ts', () => {
    const met = new Set(cases.flatMap(({ expect }) => expect.map((line) => line.split(' ')[0])));
    const missing = Object.keys(FINDING_CODES).filter(
      (code) => !met.has(code) && !ELSEWHERE.includes(code) && !code.startsWith('ZIP_'),
    );
    assert.deepEqual(missing, []);
  });

  test('a finding names the value and the record', async () => {
    const { findings } = await stageFiles({
      ...GOOD,
      'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,"9,9"\n',
    });
    assert.deepEqual(findings, [
      {
        code: 'REFERENCE_NOT_FOUND',
        severity: 'error',
        file: 'studentenrollment.csv',
        field: 'SIS ID',
        line: 2,
        kind: 'enrollment',
        sourceId: 'm1/9,9',
        value: '9,9',
        message: 'SIS ID "9,9" is not in student.csv.',
      },
    ]);
  });

  test('counts are exact, what is kept is bounded', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `m1,x${i}`).join('\n');
    const { findings, result } = await stageFiles(
      { ...GOOD, 'studentenrollment.csv': `Section SIS ID,SIS ID\n${rows}\n` },
      { limits: { errors: 150, warnings: 10, perCode: 100, samples: 20 } },
    );
    assert.equal(findings.length, 150);
    assert.deepEqual(result.findingCounts, [
      {
        file: 'studentenrollment.csv',
        code: 'REFERENCE_NOT_FOUND',
        field: 'SIS ID',
        severity: 'error',
        rowCount: 500,
      },
    ]);
    assert.equal(result.samples.length, 5);
    assert.equal(result.files.find(({ file }) => file === 'studentenrollment.csv')?.badRows, 500);
  });

  test('passwords are in no finding and no record', async () => {
    const { findings, items } = await stageFiles({
      ...GOOD,
      'student.csv': `SIS ID,School SIS ID,First Name,Last Name,Username,Password\n1,A,Ada,Elm,aelm,Secret#1\n2,B,Ben,Fir,bfir,${long(300)}\n`,
    });
    assert.deepEqual(shownFindings(findings), [
      'VALUE_TOO_LONG student.csv:3 Password (error)',
      'REFERENCE_DROPPED studentenrollment.csv:3 SIS ID (information)',
    ]);
    assert.doesNotMatch(JSON.stringify([findings, items]), /Secret#1|xxxx/);
    assert.equal(items.find(({ kind }) => kind === 'student')?.hasSecret, true);
  });
});
