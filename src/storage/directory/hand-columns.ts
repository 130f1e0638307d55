/** The columns that properties of Graph are written to, by their paths. The views (storage/views) read the same ones. */
export interface HandColumn {
  readonly table: 'org' | 'class' | 'course' | 'academic_session' | 'person' | 'account' | 'demographics';
  readonly column: string;
  /** With the column `attributes`: the key in it. */
  readonly attribute?: string;
}

export type HandColumns = Readonly<Record<string, HandColumn>>;

/** New values by path; null clears. */
export type HandValues = Readonly<Record<string, string | boolean | null>>;

export const SCHOOL_COLUMNS: HandColumns = columnsOf('org', {
  displayName: 'display_name',
  description: 'description',
  externalId: 'external_id',
  schoolNumber: 'school_number',
  lowestGrade: 'lowest_grade',
  highestGrade: 'highest_grade',
  principalName: 'principal_name',
  principalEmail: 'principal_email',
  externalPrincipalId: 'principal_external_id',
  phone: 'phone',
  fax: 'fax',
  'address/street': 'street',
  'address/city': 'city',
  'address/state': 'state',
  'address/postalCode': 'postal_code',
  'address/countryOrRegion': 'country',
});

export const CLASS_COLUMNS: HandColumns = {
  ...columnsOf('class', {
    displayName: 'display_name',
    description: 'description',
    mailNickname: 'mail_nickname',
    classCode: 'class_code',
    externalId: 'external_id',
    externalName: 'external_name',
    grade: 'grade',
  }),
  ...columnsOf('course', {
    'course/courseNumber': 'course_number',
    'course/description': 'description',
    'course/displayName': 'display_name',
    'course/externalId': 'external_id',
    'course/subject': 'subject',
  }),
  ...columnsOf('academic_session', {
    'term/displayName': 'display_name',
    'term/externalId': 'external_id',
    'term/startDate': 'start_date',
    'term/endDate': 'end_date',
  }),
};

export const USER_COLUMNS: HandColumns = {
  ...columnsOf('person', {
    displayName: 'display_name',
    givenName: 'given_name',
    middleName: 'middle_name',
    surname: 'surname',
    primaryRole: 'primary_role',
    'student/externalId': 'student_external_id',
    'student/grade': 'grade',
    'student/graduationYear': 'graduation_year',
    'student/studentNumber': 'student_number',
    'teacher/externalId': 'teacher_external_id',
    'teacher/teacherNumber': 'teacher_number',
  }),
  ...columnsOf('account', {
    accountEnabled: 'enabled',
    userPrincipalName: 'user_name',
    mail: 'mail',
    mailNickname: 'mail_nickname',
    employeeId: 'employee_id',
    usageLocation: 'usage_location',
  }),
  ...columnsOf('demographics', { 'student/birthDate': 'birth_date', 'student/gender': 'sex' }),
  ...addressOf('mailingAddress', 'mailing'),
  ...addressOf('residenceAddress', 'residence'),
};

function columnsOf(table: HandColumn['table'], columns: Readonly<Record<string, string>>): HandColumns {
  return Object.fromEntries(Object.entries(columns).map(([path, column]) => [path, { table, column }]));
}

function addressOf(property: string, prefix: string): HandColumns {
  const keys = {
    street: 'Address',
    city: 'City',
    state: 'State',
    postalCode: 'Zip',
    countryOrRegion: 'Country',
  };
  return Object.fromEntries(
    Object.entries(keys).map(([part, key]) => [
      `${property}/${part}`,
      { table: 'person', column: 'attributes', attribute: prefix + key },
    ]),
  );
}
