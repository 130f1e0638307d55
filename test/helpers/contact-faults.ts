import type { FaultCase, FaultyFiles } from './fault-case.ts';

const PEOPLE = 'Email,First Name,Last Name,Phone,SIS ID\nana@home.example,Ana,Elm,555-1,\n';
const GUARDIANS = 'SIS ID,Email,Role\n1,ana@home.example,Parent\n';
const both = (people: string, guardians: string): FaultyFiles => ({
  'user.csv': `${PEOPLE}${people}`,
  'guardianrelationship.csv': `${GUARDIANS}${guardians}`,
});

/** Faults of the two files with contacts of SDS V1, and of Clever's columns. */
export const CONTACT_FAULTS: readonly FaultCase[] = [
  { name: 'contacts without a fault', add: both('', ''), expect: [] },
  {
    name: 'contacts without the file that says whose they are',
    add: { 'user.csv': PEOPLE },
    expect: ['FILE_PAIR_INCOMPLETE guardianrelationship.csv (fatal)'],
  },
  {
    name: 'whose contacts they are, without the contacts: no errors about references',
    add: { 'guardianrelationship.csv': GUARDIANS },
    expect: ['FILE_PAIR_INCOMPLETE user.csv (fatal)'],
  },
  {
    name: 'two files of contacts with headers alone',
    add: {
      'user.csv': 'Email,First Name,Last Name,Phone,SIS ID\n',
      'guardianrelationship.csv': 'SIS ID,Email,Role\n',
    },
    expect: ['FILE_EMPTY user.csv (warning)', 'FILE_EMPTY guardianrelationship.csv (warning)'],
  },
  {
    name: 'headers that must be there although they may be empty',
    add: {
      'user.csv': 'Email,First Name,Last Name\na@b.example,A,B\n',
      'guardianrelationship.csv': 'SIS ID,Email\n1,a@b.example\n',
    },
    expect: [
      'HEADER_MISSING user.csv:1 Phone (fatal)',
      'HEADER_MISSING user.csv:1 SIS ID (fatal)',
      'HEADER_MISSING guardianrelationship.csv:1 Role (fatal)',
    ],
  },
  {
    name: 'contacts without address or name, and rows that name them',
    add: both(
      ',Bea,Fir,,\nben@home.example,,,,\nx@y@z,Cy,Fir,,\n',
      '1,,Parent\n1,ben@home.example,Parent\n1,x@y@z,\n',
    ),
    expect: [
      'CONTACT_INCOMPLETE user.csv:3 Email (error)',
      'CONTACT_INCOMPLETE user.csv:4 First Name (error)',
      'EMAIL_INVALID user.csv:5 Email (error)',
      'CONTACT_INCOMPLETE guardianrelationship.csv:3 Email (error)',
      'REFERENCE_DROPPED guardianrelationship.csv:4 Email (information)',
      'REFERENCE_DROPPED guardianrelationship.csv:5 Email (information)',
    ],
  },
  {
    name: 'rows that name nobody: contact, student, no student at all',
    add: both('', '1,nobody@home.example,Parent\n99,ana@home.example,Parent\n,ana@home.example,Parent\n'),
    expect: [
      'REFERENCE_NOT_FOUND guardianrelationship.csv:3 Email (error)',
      'REQUIRED_MISSING guardianrelationship.csv:5 SIS ID (error)',
      'REFERENCE_NOT_FOUND guardianrelationship.csv:4 SIS ID (error)',
    ],
  },
  {
    name: 'the contact of a student who was dropped waits',
    add: { ...both('', '3,ana@home.example,Parent\n'), 'student.csv': '3,A,Cy,,,5,\n' },
    expect: [
      'REQUIRED_MISSING student.csv:4 Last Name (error)',
      'REQUIRED_MISSING student.csv:4 Username (error)',
      'REFERENCE_DROPPED guardianrelationship.csv:3 SIS ID (information)',
    ],
  },
  {
    name: 'repeated contacts: addresses are compared without letter case',
    add: both(
      'ANA@home.example,Ana,Elm,555-1,\nana@home.example,Ana,Elm,555-2,\n',
      '1,ana@home.example,Parent\n1,ANA@HOME.EXAMPLE,parent\n1,ana@home.example,Guardian\n',
    ),
    expect: [
      'ID_DUPLICATE user.csv:3 Email (warning)',
      'ID_DUPLICATE user.csv:4 Email (warning)',
      'ROW_DUPLICATE guardianrelationship.csv:3 (warning)',
      'ROW_DUPLICATE guardianrelationship.csv:4 (warning)',
    ],
  },
  {
    name: 'roles: those of the format, none, and one that is not known',
    add: both(
      '',
      ['Relative', 'aide', 'Doctor', 'GUARDIAN', 'Child', 'Administrator', 'Neighbour']
        .map((role) => `2,ana@home.example,${role}\n`)
        .join(''),
    ),
    expect: [
      'RELATIONSHIP_UNKNOWN guardianrelationship.csv:9 Role (information)',
      'ROW_DUPLICATE guardianrelationship.csv:9 (warning)',
    ],
  },
  {
    name: 'more contacts than are kept',
    add: both(
      Array.from({ length: 101 }, (_, n) => `p${n}@home.example,P,${n},,\n`).join(''),
      Array.from({ length: 101 }, (_, n) => `2,p${n}@home.example,\n`).join(''),
    ),
    expect: ['CONTACTS_TOO_MANY guardianrelationship.csv:103 SIS ID (error)'],
  },
  {
    name: 'broken rows of contacts: who names one of them waits',
    add: both(
      '"bea@home.example,Bea,Fir,,\nben@home.example,"Ben,Fir,,\n',
      '1,bea@home.example,\n2,ben@home.example,\n',
    ),
    expect: [
      'ROW_BROKEN_QUOTE user.csv:3 (error)',
      'ROW_BROKEN_QUOTE user.csv:4 (error)',
      'REFERENCE_DROPPED guardianrelationship.csv:3 Email (information)',
      'REFERENCE_DROPPED guardianrelationship.csv:4 Email (information)',
    ],
  },
];
