import type { FaultCase, FaultyFiles } from './fault-case.ts';

/** Small rosters without a fault, in formats where users have one id whatever their roles. */
export const GOOD_V21: Readonly<Record<string, string>> = {
  'orgs.csv': 'sourcedId,name,type,parentSourcedId\nd,District,district,\ns,School,school,d\n',
  'academicSessions.csv':
    'sourcedId,title,type,schoolYear,startDate,endDate\ny,Year,schoolYear,2027,2026-08-01,2027-07-31\n',
  'courses.csv': 'sourcedId,orgSourcedId,title,code,schoolYearSourcedId,subject,grade\nc,s,Maths,M,y,02,09\n',
  'users.csv':
    'sourcedId,username,givenName,familyName,email\nu1,ada@a.example,Ada,Elm,ada@b.example\nu2,tea@a.example,Tea,Oak,\n',
  'roles.csv':
    'userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\nu1,s,student,y,09,TRUE\nu2,s,teacher,,,1\n',
  'classes.csv': 'sourcedId,orgSourcedId,title,sessionSourcedIds,courseSourcedId\nk,s,Maths A,y,c\n',
  'enrollments.csv': 'classSourcedId,userSourcedId,role\nk,u1,student\nk,u2,teacher\n',
};

export const GOOD_ONEROSTER: Readonly<Record<string, string>> = {
  'manifest.csv':
    'propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\nfile.demographics,absent\n',
  'orgs.csv': 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\ns,,,School,school,,\n',
  'academicSessions.csv':
    'sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\ny,,,Year,schoolYear,2026-08-01,2027-07-31,,2027\n',
  'courses.csv':
    'sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nc,,,y,Maths,M,"09,10",s,Mathematics,\n',
  'users.csv':
    'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,grades\nu1,,,true,s,student,ada,Ada,Elm,9\nu2,,,true,s,teacher,tea,Tea,Oak,\n',
  'classes.csv':
    'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\nk,,,Maths A,09,c,,scheduled,,s,y,,,\n',
  'enrollments.csv':
    'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,,k,s,u1,student,,,\ne2,,,k,s,u2,teacher,true,2026-08-01,\n',
};

/** With what other files say of people. */
const DESCRIBED: Readonly<Record<string, string>> = {
  ...GOOD_V21,
  'users.csv': `${GOOD_V21['users.csv']}p1,pat@b.example,Pat,Elm,pat@b.example\n`,
  'demographics.csv':
    'userSourcedId,sex,birthDate,birthCity,birthState,birthCountry,ethnicityCodes,raceCodes\nu1,female,2015-03-01,Contoso,WA,USA,,"asian,white"\nu2,,1980-01-01,,,,hispanicOrLatinoEthnicity,\n',
  'userFlags.csv': 'userSourcedId,flag\nu1,iep\nu1,freeLunch\n',
  'relationships.csv': 'userSourcedId,relationshipUserSourcedId,relationshipRole\nu1,p1,guardian\n',
};

type Files = Readonly<Record<string, string>>;

/** The good files with one text in place of another. */
const changed = (base: Files, name: string, from: string, to: string): Record<string, string> => {
  const text = base[name] ?? '';
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  return { ...base, [name]: text.replace(from, to) };
};
const without = (base: Files, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(base).filter(([name]) => !names.includes(name)));

/** With contacts: users whom students name as their agents. */
export const WITH_AGENTS: Readonly<Record<string, string>> = {
  ...GOOD_ONEROSTER,
  'users.csv':
    'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,agentSourcedIds,grades\nu1,,,true,s,student,ada,Ada,Elm,,"p1, p2",9\nu2,,,true,s,teacher,tea,Tea,Oak,,,\np1,,,true,s,parent,pat,Pat,Elm,pat@b.example,u1,\np2,,,true,s,guardian,gus,Gus,Elm,gus@b.example,u1,\n',
};

export interface UserFault extends Omit<FaultCase, 'add' | 'replace'> {
  readonly files: FaultyFiles;
}

const v21 = (
  name: string,
  file: string,
  from: string,
  to: string,
  ...expect: readonly string[]
): UserFault => ({ name: `SDS V2.1: ${name}`, files: changed(GOOD_V21, file, from, to), expect });
const oneRoster = (
  name: string,
  file: string,
  from: string,
  to: string,
  ...expect: readonly string[]
): UserFault => ({ name: `OneRoster: ${name}`, files: changed(GOOD_ONEROSTER, file, from, to), expect });

const described = (
  name: string,
  file: string,
  from: string,
  to: string,
  ...expect: readonly string[]
): UserFault => ({
  name: `What is said of users: ${name}`,
  files: changed(DESCRIBED, file, from, to),
  expect,
});

const withAgents = (name: string, from: string, to: string, ...expect: readonly string[]): UserFault => ({
  name: `Agents: ${name}`,
  files: changed(WITH_AGENTS, 'users.csv', from, to),
  expect,
});

/** Whoever mends a row wants to hear of all that is wrong with it. */
const SEVERAL: readonly UserFault[] = [
  v21(
    'an org with two faults',
    'orgs.csv',
    's,School,school,d',
    's,School,school,d\nx,,school,z',
    'REQUIRED_MISSING orgs.csv:4 name (error)',
    'REFERENCE_NOT_FOUND orgs.csv:4 parentSourcedId (warning)',
  ),
  v21(
    'a bad org above the one that it names',
    'orgs.csv',
    'd,District,district,',
    'x,,school,d\nd,District,district,',
    'REQUIRED_MISSING orgs.csv:2 name (error)',
  ),
  v21(
    'a course with three faults',
    'courses.csv',
    'c,s,Maths,M,y,02,09',
    'c,s,Maths,M,y,02,09\nx,z,,M,q,02,09',
    'REQUIRED_MISSING courses.csv:3 title (error)',
    'REFERENCE_NOT_FOUND courses.csv:3 orgSourcedId (warning)',
    'REFERENCE_NOT_FOUND courses.csv:3 schoolYearSourcedId (warning)',
  ),
  v21(
    'a user with two faults',
    'users.csv',
    'u1,ada@a.example,Ada',
    'u1,ada@@a.example,',
    'REQUIRED_MISSING users.csv:2 givenName (error)',
    'USERNAME_INVALID users.csv:2 username (error)',
    'REFERENCE_DROPPED roles.csv:2 userSourcedId (information)',
    'REFERENCE_DROPPED enrollments.csv:2 userSourcedId (information)',
  ),
  v21(
    'a role with three faults',
    'roles.csv',
    'u2,s,teacher,,,1',
    'u2,s,teacher,,,1\nu9,z,wizard,q,,',
    'ENUM_UNKNOWN roles.csv:4 role (error)',
    'REFERENCE_NOT_FOUND roles.csv:4 userSourcedId (error)',
    'REFERENCE_NOT_FOUND roles.csv:4 orgSourcedId (error)',
    'REFERENCE_NOT_FOUND roles.csv:4 sessionSourcedId (warning)',
  ),
  v21(
    'a place with three faults',
    'enrollments.csv',
    'k,u2,teacher',
    'k,u2,teacher\nz,u9,wizard',
    'ENUM_UNKNOWN enrollments.csv:4 role (error)',
    'REFERENCE_NOT_FOUND enrollments.csv:4 classSourcedId (error)',
    'REFERENCE_NOT_FOUND enrollments.csv:4 userSourcedId (error)',
  ),
  v21(
    'a place that is named twice as nothing',
    'enrollments.csv',
    'k,u2,teacher',
    'k,u2,teacher\nk,u2,wizard',
    'ENUM_UNKNOWN enrollments.csv:4 role (error)',
  ),
  oneRoster(
    'a user with two faults',
    'users.csv',
    's,student,ada,Ada',
    '"s,z",student,ada,',
    'REQUIRED_MISSING users.csv:2 givenName (error)',
    'REFERENCE_NOT_FOUND users.csv:2 orgSourcedIds (error)',
    'REFERENCE_DROPPED enrollments.csv:2 userSourcedId (information)',
  ),
  described(
    'a relationship with two faults',
    'relationships.csv',
    'u1,p1,guardian',
    'u1,p1,guardian\nu1,p9,',
    'REQUIRED_MISSING relationships.csv:3 relationshipRole (error)',
    'REFERENCE_NOT_FOUND relationships.csv:3 relationshipUserSourcedId (error)',
  ),
];

export const USER_FAULTS: readonly UserFault[] = [
  ...SEVERAL,
  { name: 'Agents: nothing is wrong', files: WITH_AGENTS, expect: [] },
  withAgents('one without an address', 'gus@b.example', '', 'CONTACT_INCOMPLETE users.csv:5 email (warning)'),
  withAgents('one who is not there', 'p1, p2', 'p1, p9'),
  { name: 'What is said of users: nothing is wrong', files: DESCRIBED, expect: [] },
  described(
    'demographics of nobody',
    'demographics.csv',
    'u2,',
    'u9,',
    'REFERENCE_NOT_FOUND demographics.csv:3 userSourcedId (error)',
  ),
  described('demographics of a contact', 'demographics.csv', 'u2,', 'p1,'),
  described(
    'twice',
    'demographics.csv',
    'u2,',
    'u1,',
    'ID_DUPLICATE demographics.csv:3 userSourcedId (warning)',
  ),
  described(
    'a race that nobody knows',
    'demographics.csv',
    '"asian,white"',
    '"asian,elf"',
    'ENUM_UNKNOWN demographics.csv:2 raceCodes (warning)',
  ),
  described(
    'a flag that nobody knows',
    'userFlags.csv',
    'u1,iep',
    'u1,wizard',
    'ENUM_UNKNOWN userflags.csv:2 flag (error)',
  ),
  described(
    'the same flag twice',
    'userFlags.csv',
    'freeLunch',
    'IEP',
    'ROW_DUPLICATE userflags.csv:3 (warning)',
  ),
  described(
    'a contact who is not there',
    'relationships.csv',
    'u1,p1',
    'u1,p9',
    'USER_WITHOUT_ROLE users.csv:4 sourcedId (information)',
    'REFERENCE_NOT_FOUND relationships.csv:2 relationshipUserSourcedId (error)',
  ),
  described(
    'a contact without an address',
    'users.csv',
    'Pat,Elm,pat@b.example',
    'Pat,Elm,',
    'CONTACT_INCOMPLETE users.csv:4 email (warning)',
    'REFERENCE_DROPPED relationships.csv:2 relationshipUserSourcedId (information)',
  ),
  described(
    'a word that nobody knows',
    'relationships.csv',
    'guardian',
    'wizard',
    'RELATIONSHIP_UNKNOWN relationships.csv:2 relationshipRole (information)',
  ),
  { name: 'SDS V2.1: nothing is wrong', files: GOOD_V21, expect: [] },
  { name: 'OneRoster: nothing is wrong', files: GOOD_ONEROSTER, expect: [] },
  {
    name: 'SDS V2.1: the least that is needed',
    files: changed(
      without(GOOD_V21, 'academicSessions.csv', 'courses.csv', 'classes.csv', 'enrollments.csv'),
      'roles.csv',
      'student,y,',
      'student,,',
    ),
    expect: [],
  },
  {
    name: 'SDS V2.1: classes without enrollments',
    files: without(GOOD_V21, 'enrollments.csv'),
    expect: ['FILE_PAIR_INCOMPLETE enrollments.csv (fatal)'],
  },
  {
    name: 'SDS V2.1: sessions that are named and not there',
    files: without(GOOD_V21, 'academicSessions.csv'),
    expect: [
      'REFERENCE_NOT_FOUND classes.csv:2 sessionSourcedIds (warning)',
      'REFERENCE_NOT_FOUND courses.csv:2 schoolYearSourcedId (warning)',
      'REFERENCE_NOT_FOUND roles.csv:2 sessionSourcedId (warning)',
    ],
  },
  v21(
    'a parent that is not there',
    'orgs.csv',
    'school,d',
    'school,x',
    'REFERENCE_NOT_FOUND orgs.csv:3 parentSourcedId (warning)',
  ),
  v21(
    'an org that is its own parent',
    'orgs.csv',
    'school,d',
    'school,s',
    'ORG_CIRCLE orgs.csv:3 parentSourcedId (warning)',
  ),
  v21(
    'two orgs above each other',
    'orgs.csv',
    'district,',
    'district,s',
    'ORG_CIRCLE orgs.csv:3 parentSourcedId (warning)',
  ),
  v21(
    'a type that nobody knows',
    'orgs.csv',
    ',school,',
    ',castle,',
    'ENUM_UNKNOWN orgs.csv:3 type (warning)',
  ),
  v21(
    'an org without a name',
    'orgs.csv',
    's,School',
    's,',
    'REQUIRED_MISSING orgs.csv:3 name (error)',
    'REFERENCE_DROPPED classes.csv:2 orgSourcedId (information)',
    'REFERENCE_DROPPED courses.csv:2 orgSourcedId (information)',
    'REFERENCE_DROPPED enrollments.csv:2 classSourcedId (information)',
    'REFERENCE_DROPPED enrollments.csv:3 classSourcedId (information)',
    'REFERENCE_DROPPED roles.csv:2 orgSourcedId (information)',
    'REFERENCE_DROPPED roles.csv:3 orgSourcedId (information)',
  ),
  v21(
    'a role that nobody knows',
    'roles.csv',
    ',teacher,',
    ',wizard,',
    'ENUM_UNKNOWN roles.csv:3 role (error)',
    'REFERENCE_DROPPED enrollments.csv:3 userSourcedId (information)',
  ),
  v21('a grade that nobody knows', 'roles.csv', ',09,', ',99,', 'ENUM_UNKNOWN roles.csv:2 grade (warning)'),
  v21(
    'a primary flag that is none',
    'roles.csv',
    'TRUE',
    'perhaps',
    'BOOLEAN_INVALID roles.csv:2 isPrimary (warning)',
  ),
  v21(
    'a role of a user who is not there',
    'roles.csv',
    'u2,s',
    'u9,s',
    'REFERENCE_NOT_FOUND roles.csv:3 userSourcedId (error)',
    'USER_WITHOUT_ROLE users.csv:3 sourcedId (information)',
    'REFERENCE_NOT_FOUND enrollments.csv:3 userSourcedId (error)',
  ),
  v21(
    'a contact',
    'users.csv',
    'u2,tea',
    'p1,pat@b.example,Pat,Elm,\nu2,tea',
    'USER_WITHOUT_ROLE users.csv:3 sourcedId (information)',
  ),
  v21(
    'an address that is none',
    'users.csv',
    'ada@b.example',
    'ada at b',
    'EMAIL_INVALID users.csv:2 email (warning)',
  ),
  v21('a user name without a domain is completed by the profile', 'users.csv', 'ada@a.example', 'ada'),
  v21(
    'the same role twice',
    'roles.csv',
    'u1,s,student,y,09,TRUE',
    'u1,s,student,y,09,TRUE\nu1,s,student,y,09,TRUE',
    'ROW_DUPLICATE roles.csv:3 (warning)',
  ),
  v21(
    'several roles of a person in one org are several roles',
    'roles.csv',
    'u2,s,teacher,,,1',
    'u2,s,teacher,,,1\nu2,s,principal,,,0',
  ),
  v21(
    'a place as another role than the person has in the school',
    'enrollments.csv',
    'k,u1,student',
    'k,u1,assistant',
  ),
  v21(
    'a course that is not there',
    'classes.csv',
    ',y,c',
    ',y,z',
    'REFERENCE_NOT_FOUND classes.csv:2 courseSourcedId (warning)',
  ),
  {
    name: 'OneRoster: a school that is withdrawn, and what is in it',
    files: changed(GOOD_ONEROSTER, 'orgs.csv', 's,,', 's,tobedeleted,'),
    expect: ['ORG_WITHDRAWN_NAMED orgs.csv:2 (warning)', 'ROW_WITHDRAWN orgs.csv:2 status (information)'],
  },
  oneRoster(
    'a place in a class by the name of the exporter',
    'enrollments.csv',
    'u2,teacher',
    'u2,ext:tutor',
    'ENUM_EXTENSION enrollments.csv:3 role (information)',
  ),
  oneRoster(
    'the same place with other dates',
    'enrollments.csv',
    'e2,',
    'e3,,,k,s,u1,student,,2026-08-02,\ne2,',
    'ROW_DUPLICATE enrollments.csv:3 (warning)',
  ),
  oneRoster(
    'a place that ends before it starts',
    'enrollments.csv',
    'u1,student,,,',
    'u1,student,,2026-08-02,2026-08-01',
    'DATE_RANGE enrollments.csv:2 endDate (warning)',
  ),
  v21(
    'the same role in two sessions',
    'roles.csv',
    'u2,s,teacher,,,1\n',
    'u2,s,teacher,,,1\nu2,s,teacher,y,,1\nu2,s,teacher,y,,\n',
    'ROW_DUPLICATE roles.csv:5 (warning)',
  ),
  oneRoster(
    'a session above itself',
    'academicSessions.csv',
    '2027-07-31,,',
    '2027-07-31,y,',
    'SESSION_CIRCLE academicsessions.csv:2 parentSourcedId (warning)',
  ),
  oneRoster(
    'a row that says that its record is gone',
    'enrollments.csv',
    'e2,,',
    'e2,tobedeleted,',
    'ROW_WITHDRAWN enrollments.csv:3 status (information)',
  ),
  oneRoster(
    'a row with a status that nobody knows',
    'enrollments.csv',
    'e2,,',
    'e2,deleted,',
    'ENUM_UNKNOWN enrollments.csv:3 status (warning)',
  ),
  oneRoster(
    'a user of whom nobody can tell whether it is disabled',
    'users.csv',
    'u1,,,true',
    'u1,Active,,nein',
    'BOOLEAN_INVALID users.csv:2 enabledUser (warning)',
  ),
  oneRoster(
    'a user who is disabled',
    'users.csv',
    'u1,,,true',
    'u1,,,false',
    'ROW_WITHDRAWN users.csv:2 enabledUser (information)',
    'ROW_WITHDRAWN enrollments.csv:2 userSourcedId (information)',
  ),
  oneRoster(
    'a parent among the users',
    'users.csv',
    'u2,,,true',
    'p1,,,true,s,parent,pat,Pat,Elm,\nu2,,,true',
    'USER_WITHOUT_ROLE users.csv:3 sourcedId (information)',
  ),
  oneRoster(
    'an org that is not there',
    'users.csv',
    'true,s,teacher',
    'true,"s,x",teacher',
    'REFERENCE_NOT_FOUND users.csv:3 orgSourcedIds (error)',
  ),
  oneRoster(
    'changes alone',
    'manifest.csv',
    'file.users,bulk',
    'file.users,delta',
    'DELTA_WITHOUT_BASE manifest.csv (fatal)',
    'MANIFEST_MISMATCH academicsessions.csv (fatal)',
    'MANIFEST_MISMATCH classes.csv (fatal)',
    'MANIFEST_MISMATCH courses.csv (fatal)',
    'MANIFEST_MISMATCH enrollments.csv (fatal)',
  ),
  oneRoster(
    'a file that is there and said to be absent',
    'manifest.csv',
    'file.users,bulk',
    'file.users,absent',
    'MANIFEST_MISMATCH users.csv (fatal)',
  ),
  oneRoster(
    'a manifest with nothing in it',
    'manifest.csv',
    'manifest.version,1.0\noneroster.version,1.1\n',
    '',
    'MANIFEST_UNREADABLE manifest.csv (fatal)',
  ),
  {
    name: 'OneRoster: a file that the manifest names and that is not there',
    files: changed(
      without(GOOD_ONEROSTER, 'courses.csv'),
      'manifest.csv',
      'file.orgs',
      'file.courses,bulk\nfile.orgs',
    ),
    expect: ['MANIFEST_MISMATCH courses.csv (fatal)', 'FILE_MISSING_REQUIRED courses.csv (fatal)'],
  },
];
