import { type FaultCase, type FaultyFiles } from './fault-case.ts';
import type { StageFilesOptions } from './stage-files.ts';
import { CREATE_MAPPING, MATCH_MAPPING } from './stage-upload.ts';

const long = (length: number): string => 'x'.repeat(length);
const student = (row: string): FaultyFiles => ({ 'student.csv': `${row}\n` });
const section = (row: string): FaultyFiles => ({ 'section.csv': `${row}\n` });
const replacing: StageFilesOptions = { mapping: { ...CREATE_MAPPING, replaceSpecialCharacters: true } };

/** Faults of rows, values, ids and references. */
export const ROW_FAULTS: readonly FaultCase[] = [
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
    name: 'values that are not what their column says are taken as received',
    add: {
      'student.csv': '3,A,Cy,Ash,cash,Reception,\n',
    },
    replace: {
      'school.csv': 'SIS ID,Name,Phone\nA,Alder,none\nB,Birch,555-0100\n',
      'teacher.csv':
        'SIS ID,School SIS ID,First Name,Last Name,Username,Secondary Email\n1,A,Tea,Oak,toak,at home\n',
    },
    expect: [
      'PHONE_INVALID school.csv:2 Phone (information)',
      'ENUM_UNKNOWN student.csv:4 Grade (information)',
      'EMAIL_INVALID teacher.csv:2 Secondary Email (information)',
    ],
  },
  {
    name: 'a graduation year that is none is taken as received',
    replace: {
      'student.csv':
        'SIS ID,School SIS ID,First Name,Last Name,Username,Graduation Year\n1,A,Ada,Elm,aelm,31\n2,B,Ben,Fir,bfir,2031\n',
    },
    expect: ['YEAR_INVALID student.csv:2 Graduation Year (information)'],
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
    name: 'two orders in one column: nobody can tell, and nothing is cleared for it',
    add: student(
      '3,A,Cleo,Hazel,chaz,5,28/2/2015\n4,A,Dora,Hazel,dhaz,5,2/28/2015\n5,A,Eve,Hazel,ehaz,5,2/3/2015',
    ),
    expect: ['DATE_ORDER_MIXED student.csv:5 Birthdate (fatal)'],
  },
  {
    name: 'one slip among a hundred dates does not decide for the others',
    add: student(
      [
        ...Array.from({ length: 99 }, (_, i) => `${i + 3},A,Cleo,Hazel,c${i},5,2/28/2015`),
        '102,A,Dora,Hazel,dhaz,5,28/2/2015',
      ].join('\n'),
    ),
    expect: [
      'DATE_ORDER_ASSUMED student.csv:4 Birthdate (information)',
      'DATE_INVALID student.csv:103 Birthdate (warning)',
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
    name: 'a user name with a domain that the profile does not take',
    add: student(
      '3,A,Ann,Elm,annelm@other.example,5,2015-03-01\n4,A,Abe,Elm,abelm@South.example,5,2015-03-01',
    ),
    options: {
      mapping: { ...CREATE_MAPPING, acceptedDomains: { student: ['south.example'], teacher: [] } },
    },
    expect: ['USERNAME_DOMAIN student.csv:4 Username (error)'],
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
