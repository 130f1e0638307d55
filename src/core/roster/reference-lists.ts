/**
 * The values that certain columns may have. Source: School Data Sync's "Default list of values", with what its exporters and its OneRoster
 * connection take besides. A code is compared without letter case and stored as it stands here; a tenant may add to some lists.
 */
export interface ReferenceValue {
  readonly code: string;
  /** What people read. */
  readonly title: string;
}

export interface RoleValue extends ReferenceValue {
  readonly group: 'student' | 'staff' | 'none';
  /** Of several roles of a person the one with the lowest number comes first. */
  readonly sortOrder: number;
}

interface ReferenceListDefinition {
  readonly title: string;
  /** A tenant may add values, and disable those of the list. */
  readonly extendable: boolean;
  readonly values: readonly ReferenceValue[];
  /** A code of one digit is one whose leading zero was lost in a spreadsheet. */
  readonly leadingZero?: boolean;
  /** What some exporters write, and the code it stands for. */
  readonly aliases?: Readonly<Record<string, string>>;
}

const values = (...pairs: readonly (readonly [code: string, title: string])[]): readonly ReferenceValue[] =>
  pairs.map(([code, title]) => ({ code, title }));

/** The order is that of `sortOrder`, in tens. */
const STAFF_ROLES = [
  ['principal', 'Principal'],
  ['chair', 'Chair'],
  ['professor', 'Professor'],
  ['researcher', 'Researcher'],
  ['adjunct', 'Adjunct'],
  ['affiliate', 'Affiliate'],
  ['occupationalTherapist', 'Occupational therapist'],
  ['physicalTherapist', 'Physical therapist'],
  ['speechTherapist', 'Speech therapist'],
  ['visionTherapist', 'Vision therapist'],
  ['paraprofessional', 'Paraprofessional'],
  ['specialServices', 'Special services'],
  ['advisor', 'Advisor'],
  ['proctor', 'Proctor'],
  ['nurse', 'Nurse'],
  ['officeStaff', 'Office staff'],
  ['lecturer', 'Lecturer'],
  ['itAdmin', 'IT administrator'],
  ['administrator', 'Administrator'],
  ['teacher', 'Teacher'],
  ['faculty', 'Faculty'],
  ['staff', 'Staff'],
  ['teacherAssistant', 'Teacher assistant'],
  ['assistant', 'Assistant'],
  ['instructor', 'Instructor'],
  ['substitute', 'Substitute'],
  ['coach', 'Coach'],
  ['alumni', 'Alumni'],
  // What OneRoster has besides.
  ['aide', 'Aide'],
  ['counselor', 'Counselor'],
  ['districtAdministrator', 'District administrator'],
  ['siteAdministrator', 'Site administrator'],
  ['systemAdministrator', 'System administrator'],
] as const;

const OTHER_ROLES = [
  ['student', 'Student'],
  ['other', 'Other'],
  ['parent', 'Parent'],
  ['guardian', 'Guardian'],
  ['relative', 'Relative'],
  ['doctor', 'Doctor'],
] as const;

export const ROLE_VALUES: readonly RoleValue[] = [...STAFF_ROLES, ...OTHER_ROLES].map(
  ([code, title], index) => ({
    code,
    title,
    group: code === 'student' ? 'student' : index < STAFF_ROLES.length ? 'staff' : 'none',
    sortOrder: (index + 1) * 10,
  }),
);

const roleTitles = new Map(ROLE_VALUES.map(({ code, title }) => [code, title]));
const sectionRoles = [
  ['student', 'teacher', 'professor', 'lecturer', 'adjunct', 'instructor', 'chair', 'advisor'],
  ['principal', 'administrator', 'itAdmin', 'officeStaff', 'staff', 'proctor', 'aide', 'assistant'],
  ['teacherAssistant', 'paraprofessional', 'specialServices', 'substitute', 'coach', 'affiliate'],
  ['alumni', 'occupationalTherapist', 'physicalTherapist', 'speechTherapist', 'visionTherapist'],
]
  .flat()
  .map((code) => ({ code, title: roleTitles.get(code) ?? code }));

const twoDigits = (number: number): string => String(number).padStart(2, '0');

export const REFERENCE_LISTS = {
  grades: {
    title: 'Grades',
    extendable: true,
    leadingZero: true,
    values: values(
      ['it', 'Infant or toddler'],
      ['pr', 'Preschool'],
      ['pk', 'Prekindergarten'],
      ['tk', 'Transitional kindergarten'],
      ['kg', 'Kindergarten'],
      ...Array.from({ length: 13 }, (_, i): [string, string] => [twoDigits(i + 1), `Grade ${i + 1}`]),
      ['ps', 'Postsecondary'],
      ['ug', 'Ungraded'],
      ['other', 'Other'],
      ...[1, 2, 3, 4].map((year): [string, string] => [`ps${year}`, `Postsecondary, year ${year}`]),
      ['undergraduate', 'Undergraduate'],
      ['graduate', 'Graduate'],
      ['postgraduate', 'Postgraduate'],
      ['alumni', 'Alumni'],
      ['adultEducation', 'Adult education'],
    ),
  },
  roles: { title: 'Roles', extendable: false, values: ROLE_VALUES },
  sectionRoles: {
    title: 'Roles in a class',
    extendable: false,
    values: sectionRoles,
    aliases: { aid: 'aide' },
  },
  // What an exporter calls `ext:...` (OneRoster) is in none of these before a tenant says what it counts as.
  staffRoles: { title: 'Own roles of staff', extendable: true, values: [] },
  studentRoles: { title: 'Own roles of students', extendable: true, values: [] },
  otherRoles: { title: 'Own roles of neither', extendable: true, values: [] },
  orgTypes: {
    title: 'Types of organization',
    extendable: true,
    values: values(
      ['school', 'School'],
      ['department', 'Department'],
      ['district', 'District'],
      ['local', 'Local'],
      ['state', 'State'],
      ['national', 'National'],
      ['departmentOfEducation', 'Department of education'],
      ['ministryOfEducation', 'Ministry of education'],
      ['university', 'University'],
      ['college', 'College'],
      ['campus', 'Campus'],
      ['adultEducation', 'Adult education'],
      ['municipality', 'Municipality'],
      ['academicTrust', 'Academic trust'],
      ['localAuthority', 'Local authority'],
      ['region', 'Region'],
      ['division', 'Division'],
      ['province', 'Province'],
      ['researchCenter', 'Research center'],
      ['program', 'Program'],
    ),
  },
  sessionTypes: {
    title: 'Types of academic session',
    extendable: false,
    values: values(
      ['schoolYear', 'School year'],
      ['semester', 'Semester'],
      ['term', 'Term'],
      ['gradingPeriod', 'Grading period'],
      ['quarter', 'Quarter'],
    ),
  },
  subjects: {
    title: 'Subjects',
    extendable: true,
    values: values(
      ['Arts', 'Arts'],
      ['CareerAndTechnicalEducation', 'Career and technical education'],
      ['English', 'English'],
      ['EnglishAsASecondLanguage', 'English as a second language'],
      ['ForeignLanguage', 'Foreign language'],
      ['HistoryUS', 'History (US)'],
      ['HistoryWorld', 'History (world)'],
      ['LanguageArts', 'Language arts'],
      ['Mathematics', 'Mathematics'],
      ['Reading', 'Reading'],
      ['Science', 'Science'],
      ['LifeScience', 'Life science'],
      ['PhysicalScience', 'Physical science'],
      ['SocialScience', 'Social science'],
      ['SpecialEducation', 'Special education'],
      ['Writing', 'Writing'],
      ['Other', 'Other'],
      // Subject areas of SCED; 06 is not given any more.
      ['01', 'English language and literature'],
      ['02', 'Mathematics (SCED)'],
      ['03', 'Life and physical sciences'],
      ['04', 'Social sciences and history'],
      ['05', 'Visual and performing arts'],
      ['07', 'Religious education and theology'],
      ['08', 'Physical, health and safety education'],
      ['09', 'Military science'],
      ['10', 'Information technology'],
      ['11', 'Communication and audio/visual technology'],
      ['12', 'Business and marketing'],
      ['13', 'Manufacturing'],
      ['14', 'Health care sciences'],
      ['15', 'Public, protective and government service'],
      ['16', 'Hospitality and tourism'],
      ['17', 'Architecture and construction'],
      ['18', 'Agriculture, food and natural resources'],
      ['19', 'Human services'],
      ['20', 'Transportation, distribution and logistics'],
      ['21', 'Engineering and technology'],
      ['22', 'Miscellaneous'],
      ['23', 'Not specific to a subject'],
      ['24', 'World languages'],
    ),
  },
  sexes: {
    title: 'Sexes',
    extendable: false,
    values: values(
      ['male', 'Male'],
      ['female', 'Female'],
      ['other', 'Other'],
      ['notSelected', 'Not selected'],
      // OneRoster 1.2.
      ['unspecified', 'Unspecified'],
    ),
  },
  ethnicities: {
    title: 'Ethnicities',
    extendable: true,
    values: values(['hispanicOrLatinoEthnicity', 'Hispanic or Latino']),
  },
  races: {
    title: 'Races',
    extendable: true,
    values: values(
      ['americanIndianOrAlaskaNative', 'American Indian or Alaska Native'],
      ['asian', 'Asian'],
      ['blackOrAfricanAmerican', 'Black or African American'],
      ['nativeHawaiianOrOtherPacificIslander', 'Native Hawaiian or other Pacific Islander'],
      ['white', 'White'],
      ['demographicRaceTwoOrMoreRaces', 'Two or more races'],
    ),
  },
  personFlags: {
    title: 'Flags of a person',
    extendable: true,
    values: values(
      ['freeLunch', 'Free lunch'],
      ['reducedLunch', 'Reduced-price lunch'],
      ['homeless', 'Homeless'],
      ['giftedOrTalented', 'Gifted or talented'],
      ['504', 'Section 504'],
      ['ELL', 'English language learner'],
      ['LEP', 'Limited English proficiency'],
      ['IEP', 'Individualized education program'],
    ),
  },
  contactRelationships: {
    title: 'Relationships of a contact',
    extendable: false,
    values: values(
      ['parent', 'Parent'],
      ['relative', 'Relative'],
      ['guardian', 'Guardian'],
      ['doctor', 'Doctor'],
      ['aide', 'Aide'],
      ['child', 'Child'],
      ['administrator', 'Administrator'],
      ['other', 'Other'],
    ),
  },
} as const satisfies Record<string, ReferenceListDefinition>;

export type ReferenceListName = keyof typeof REFERENCE_LISTS;
export const REFERENCE_LIST_NAMES = Object.keys(REFERENCE_LISTS) as ReferenceListName[];

/** Lists that a tenant may add to. */
export const EXTENDABLE_LISTS: readonly ReferenceListName[] = REFERENCE_LIST_NAMES.filter(
  (name) => REFERENCE_LISTS[name].extendable,
);
export const MAX_TITLE_LENGTH = 255;
