/** A small school in each format, one change of every kind, and by hand what becomes of it. */
export interface GoldenChange {
  readonly files: Readonly<Record<string, string>>;
  /** In a file, a text that is there once, and what stands in its place. */
  readonly changes: readonly (readonly [file: string, from: string, to: string])[];
  /** `action kind sourceId`. */
  readonly plan: readonly string[];
  readonly directory: readonly string[];
  /** What was there and is not any more. */
  readonly ended: readonly string[];
}

/**
 * What is changed in all of them: org s2 has another name, s3 is new; class k1 has another name, k2 is gone, k3 is new; of the students u1 has another
 * name, u2 changes from s1 to s2, u4 leaves, u5 comes; teacher t1 has another name, t2 moves from k2 to k1 beside t1.
 */
const PLAN = [
  'update org s2',
  'create org s3',
  'update class k1',
  'create class k3',
  'deactivate class k2',
  'update student u1',
  'create student u5',
  'deactivate student u4',
  'update teacher t1',
  'create role s2/u2',
  'end role s1/u2',
  'end role s1/u4',
  'create role s3/u5',
  'end enrollment k2/u2',
  'end enrollment k1/u4',
  'create enrollment k3/u5',
  'end enrollment k2/t2',
  'create enrollment k1/t2',
];
const PLAN_OF_TERMS = ['update academicSession y', 'update course c1'];
const DIRECTORY = [
  'org s1 North',
  'org s2 Southern',
  'org s3 East',
  'class k1 Biology B in s1',
  'class k3 Chess in s3',
  'student u1 Ada Ash ada@students.contoso.example',
  'student u2 Ben Birch ben@students.contoso.example',
  'student u5 Eli Elm eli@students.contoso.example',
  'teacher t1 Cleo Cypress cleo@contoso.example',
  'teacher t2 Dan Date dan@contoso.example',
  'role u1 in s1 student',
  'role u2 in s2 student',
  'role u5 in s3 student',
  'role t1 in s1 teacher',
  'role t2 in s1 teacher',
  'place u1 in k1 student',
  'place u2 in k1 student',
  'place u5 in k3 student',
  'place t1 in k1 teacher',
  'place t2 in k1 teacher',
];
const TERMS = ['session y Year two', 'course c1 Life'];
const ENDED = [
  'class k2 Music in s1',
  'student u4 Uma Fir uma@students.contoso.example',
  'role u2 in s1 student',
  'role u4 in s1 student',
  'place u2 in k2 student',
  'place u4 in k1 student',
  'place t2 in k2 teacher',
];

const HEAD = 'sourcedId,status,dateLastModified';
const ONEROSTER = {
  'orgs.csv': `${HEAD},name,type,identifier,parentSourcedId\ns1,,,North,school,,\ns2,,,South,school,,\n`,
  'academicSessions.csv': `${HEAD},title,type,startDate,endDate,parentSourcedId,schoolYear\ny,,,Year one,schoolYear,2026-08-01,2027-07-31,,2027\n`,
  'courses.csv': `${HEAD},schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes\nc1,,,y,Biology,B,09,s1,,\n`,
  'classes.csv': `${HEAD},title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
k1,,,Biology A,,c1,,,,s1,y,,,
k2,,,Music,,c1,,,,s1,y,,,
`,
  'enrollments.csv': `${HEAD},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e1,,,k1,s1,u1,student,,,
e2,,,k1,s1,u2,student,,,
e3,,,k2,s1,u2,student,,,
e4,,,k1,s1,u4,student,,,
e5,,,k1,s1,t1,teacher,,,
e6,,,k2,s1,t2,teacher,,,
`,
};
const ONEROSTER_CHANGES = [
  ['orgs.csv', 's2,,,South,school,,\n', 's2,,,Southern,school,,\ns3,,,East,school,,\n'],
  ['academicSessions.csv', 'Year one', 'Year two'],
  ['courses.csv', 'Biology', 'Life'],
  ['classes.csv', 'Biology A', 'Biology B'],
  ['classes.csv', 'k2,,,Music,,c1,,,,s1', 'k3,,,Chess,,c1,,,,s3'],
  ['enrollments.csv', 'e3,,,k2,s1,u2', 'e7,,,k3,s3,u5'],
  ['enrollments.csv', 'e4,,,k1,s1,u4,student,,,\n', ''],
  ['enrollments.csv', 'e6,,,k2,s1,t2', 'e6,,,k1,s1,t2'],
] as const;
const manifest = (version: string): string =>
  `propertyName,value\nmanifest.version,1.0\noneroster.version,${version}\n`;

/** SDS V1 with the titles of the United Kingdom; Clever has the same people. */
const UK = {
  'school.csv': 'DfE Number,Name,Postal Code\ns1,North,N1\ns2,South,S2\n',
  'section.csv': `ID,School DfE Number,Section Name,Term SIS ID,Term Name,Term StartDate,Term EndDate,Course SIS ID,Course Name
k1,s1,Biology A,y,Year one,2026-09-01,2027-07-21,c1,Biology
k2,s1,Music,y,Year one,2026-09-01,2027-07-21,c1,Biology
`,
  'student.csv': `ID,School DfE Number,First Name,Last Name,Username,Grade
u1,s1,Ada,Alder,ada,Year 7
u2,s1,Ben,Birch,ben,Year 7
u4,s1,Uma,Fir,uma,Year 8
`,
  'teacher.csv':
    'ID,School DfE Number,First Name,Last Name,Username\nt1,s1,Cleo,Cedar,cleo\nt2,s1,Dan,Date,dan\n',
  'studentenrollment.csv': 'Section ID,ID\nk1,u1\nk1,u2\nk2,u2\nk1,u4\n',
  'teacherroster.csv': 'Section ID,ID\nk1,t1\nk2,t2\n',
};

export const GOLDEN: Readonly<Record<string, GoldenChange>> = {
  'oneroster-1.1': {
    files: {
      ...ONEROSTER,
      'manifest.csv': manifest('1.1'),
      'users.csv': `${HEAD},enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
u1,,,true,s1,student,ada,,Ada,Alder,,,,,,,09,
u2,,,true,s1,student,ben,,Ben,Birch,,,,,,,09,
u4,,,true,s1,student,uma,,Uma,Fir,,,,,,,10,
t1,,,true,s1,teacher,cleo,,Cleo,Cedar,,,,,,,,
t2,,,true,s1,teacher,dan,,Dan,Date,,,,,,,,
`,
    },
    changes: [
      ...ONEROSTER_CHANGES,
      ['users.csv', 'Ada,Alder', 'Ada,Ash'],
      ['users.csv', 'u2,,,true,s1', 'u2,,,true,s2'],
      ['users.csv', 'u4,,,true,s1,student,uma,,Uma,Fir', 'u5,,,true,s3,student,eli,,Eli,Elm'],
      ['users.csv', 'Cedar', 'Cypress'],
    ],
    plan: [...PLAN, ...PLAN_OF_TERMS],
    directory: [...DIRECTORY, ...TERMS],
    ended: ENDED,
  },
  'oneroster-1.2': {
    files: {
      ...ONEROSTER,
      'manifest.csv': manifest('1.2'),
      'users.csv': `${HEAD},enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns
u1,,,true,ada,,Ada,Alder,,,,,,,09,,,,,,,,
u2,,,true,ben,,Ben,Birch,,,,,,,09,,,,,,,,
u4,,,true,uma,,Uma,Fir,,,,,,,10,,,,,,,,
t1,,,true,cleo,,Cleo,Cedar,,,,,,,,,,,,,,,
t2,,,true,dan,,Dan,Date,,,,,,,,,,,,,,,
`,
      'roles.csv': `${HEAD},userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId
r1,,,u1,primary,student,,,s1,
r2,,,u2,primary,student,,,s1,
r4,,,u4,primary,student,,,s1,
r5,,,t1,primary,teacher,,,s1,
r6,,,t2,primary,teacher,,,s1,
`,
    },
    changes: [
      ...ONEROSTER_CHANGES,
      ['users.csv', 'Ada,Alder', 'Ada,Ash'],
      ['users.csv', 'u4,,,true,uma,,Uma,Fir', 'u5,,,true,eli,,Eli,Elm'],
      ['users.csv', 'Cedar', 'Cypress'],
      ['roles.csv', 'u2,primary,student,,,s1', 'u2,primary,student,,,s2'],
      ['roles.csv', 'r4,,,u4,primary,student,,,s1', 'r7,,,u5,primary,student,,,s3'],
      ['roles.csv', 't1,primary', 't1,secondary'],
    ],
    // That a role is not the primary one any more is a change of the role.
    plan: [...PLAN, ...PLAN_OF_TERMS, 'update role s1/t1'],
    directory: [...DIRECTORY, ...TERMS],
    ended: ENDED,
  },
  'sds-v2': {
    files: {
      'orgs.csv': 'sourcedId,name,type,parentSourcedId\ns1,North,school,\ns2,South,school,\n',
      'users.csv': `sourcedId,orgSourcedIds,givenName,familyName,username,password,role,grade
u1,s1,Ada,Alder,ada,,Student,09
u2,s1,Ben,Birch,ben,,Student,09
u4,s1,Uma,Fir,uma,,Student,10
t1,s1,Cleo,Cedar,cleo,,Teacher,
t2,s1,Dan,Date,dan,,Teacher,
`,
      'classes.csv': 'sourcedId,orgSourcedId,title\nk1,s1,Biology A\nk2,s1,Music\n',
      'enrollments.csv':
        'classSourcedId,userSourcedId,role\nk1,u1,student\nk1,u2,student\nk2,u2,student\nk1,u4,student\nk1,t1,teacher\nk2,t2,teacher\n',
    },
    changes: [
      ['orgs.csv', 's2,South,school,\n', 's2,Southern,school,\ns3,East,school,\n'],
      ['users.csv', 'Ada,Alder', 'Ada,Ash'],
      ['users.csv', 'u2,s1', 'u2,s2'],
      ['users.csv', 'u4,s1,Uma,Fir,uma', 'u5,s3,Eli,Elm,eli'],
      ['users.csv', 'Cedar', 'Cypress'],
      ['classes.csv', 'Biology A', 'Biology B'],
      ['classes.csv', 'k2,s1,Music', 'k3,s3,Chess'],
      ['enrollments.csv', 'k2,u2,student', 'k3,u5,student'],
      ['enrollments.csv', 'k1,u4,student\n', ''],
      ['enrollments.csv', 'k2,t2', 'k1,t2'],
    ],
    plan: PLAN,
    directory: DIRECTORY,
    ended: ENDED,
  },
  'sds-v1-uk': {
    files: UK,
    changes: [
      ['school.csv', 's2,South,S2\n', 's2,Southern,S2\ns3,East,E3\n'],
      ['section.csv', 'k1,s1,Biology A,y,Year one', 'k1,s1,Biology B,y,Year two'],
      ['section.csv', '07-21,c1,Biology\nk2,s1,Music,y,Year one', '07-21,c1,Life\nk3,s3,Chess,y,Year two'],
      ['section.csv', 'c1,Biology\n', 'c1,Life\n'],
      ['student.csv', 'Ada,Alder', 'Ada,Ash'],
      ['student.csv', 'u2,s1', 'u2,s2'],
      ['student.csv', 'u4,s1,Uma,Fir,uma', 'u5,s3,Eli,Elm,eli'],
      ['teacher.csv', 'Cedar', 'Cypress'],
      ['studentenrollment.csv', 'k2,u2\nk1,u4', 'k3,u5'],
      ['teacherroster.csv', 'k2,t2', 'k1,t2'],
    ],
    plan: [...PLAN, ...PLAN_OF_TERMS],
    directory: [...DIRECTORY, ...TERMS],
    ended: ENDED,
  },
  clever: {
    files: {
      'schools.csv': 'School_id,School_name\ns1,North\ns2,South\n',
      'students.csv': `School_id,Student_id,Last_name,First_name,Grade,Username
s1,u1,Alder,Ada,9,ada
s1,u2,Birch,Ben,9,ben
s1,u4,Fir,Uma,10,uma
`,
      'teachers.csv':
        'School_id,Teacher_id,Last_name,First_name,Username\ns1,t1,Cedar,Cleo,cleo\ns1,t2,Date,Dan,dan\n',
      'sections.csv': `School_id,Section_id,Teacher_id,Teacher_2_id,Name,Course_number,Course_name,Term_name,Term_start,Term_end
s1,k1,t1,,Biology A,c1,Biology,y,2026-08-01,2027-07-31
s1,k2,t2,,Music,c1,Biology,y,2026-08-01,2027-07-31
`,
      'enrollments.csv': 'School_id,Section_id,Student_id\ns1,k1,u1\ns1,k1,u2\ns1,k2,u2\ns1,k1,u4\n',
    },
    changes: [
      ['schools.csv', 's2,South\n', 's2,Southern\ns3,East\n'],
      ['students.csv', 'Alder,Ada', 'Ash,Ada'],
      ['students.csv', 's1,u2', 's2,u2'],
      ['students.csv', 's1,u4,Fir,Uma,10,uma', 's3,u5,Elm,Eli,10,eli'],
      ['teachers.csv', 'Cedar', 'Cypress'],
      ['sections.csv', 'k1,t1,,Biology A,c1,Biology,y,2026-08-01', 'k1,t1,t2,Biology B,c1,Life,y,2026-09-01'],
      ['sections.csv', 's1,k2,t2,,Music,c1,Biology,y,2026-08-01', 's3,k3,,,Chess,c1,Life,y,2026-09-01'],
      ['enrollments.csv', 's1,k2,u2\ns1,k1,u4', 's3,k3,u5'],
    ],
    // A term has no id but its name: what changes of it is when it starts.
    plan: [...PLAN, ...PLAN_OF_TERMS],
    directory: [...DIRECTORY, 'session y y', 'course c1 Life'],
    ended: ENDED,
  },
};
