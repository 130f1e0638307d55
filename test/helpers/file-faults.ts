import { type FaultCase, GOOD_FILES } from './fault-case.ts';
import { MATCH_MAPPING } from './stage-upload.ts';

/** Faults of whole files and of their headers. */
export const FILE_FAULTS: readonly FaultCase[] = [
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
  {
    name: 'a file of a format that is not read',
    add: { 'Admins.csv': 'x' },
    options: { format: 'clever' },
    replace: Object.fromEntries(Object.keys(GOOD_FILES).map((name) => [name, null])),
    expect: [
      'FILE_IGNORED admins.csv (warning)',
      ...['schools', 'students', 'teachers', 'sections', 'enrollments'].map(
        (name) => `FILE_MISSING_REQUIRED ${name}.csv (fatal)`,
      ),
    ],
  },
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
    name: 'a manifest that names files that are there and are no rows of the roster',
    add: {
      'manifest.json':
        '{"files": [{"name": "student.csv", "rows": 2}, {"name": "Manifest.csv", "sizeBytes": 20}]}',
      'manifest.csv': 'propertyName,value\n',
    },
    expect: ['FILE_IGNORED manifest.csv (warning)'],
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
    replace: { 'student.csv': `${GOOD_FILES['student.csv']}3,A,Cleo` },
    expect: ['FILE_TRUNCATED student.csv:4 (fatal)'],
  },
  {
    name: 'a file that is cut off inside quotes',
    replace: { 'student.csv': `${GOOD_FILES['student.csv']}3,A,Cleo,"Haz` },
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
    name: 'bytes that are no text, in a row too long to be read',
    replace: {
      'school.csv': Buffer.concat([
        Buffer.from('SIS ID,Name\nA,Alder\nB,Birch\n'),
        Buffer.alloc(3_000_000, 0xe9),
      ]),
    },
    expect: ['ROW_TOO_LONG school.csv:4 (error)', 'ENCODING_NOT_UTF8 school.csv (fatal)'],
  },
  {
    name: 'UTF-32',
    replace: {
      'school.csv': Buffer.from(
        Array.from('\ufeffSIS ID,Name\nA,Alder\n')
          .map((one) => `${one}\0`)
          .join(''),
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
];
