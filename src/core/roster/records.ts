/**
 * The canonical records every source delivers, and the shape of `plan_item.after`, `before` and `link.attributes`.
 * Values are trimmed strings as the source gave them; dates are `YYYY-MM-DD`. A property that is absent was not given
 * (or not asked for by optionalPropertiesToSync); an empty value in the source is null.
 */
export interface OrgRecord {
  displayName: string;
  /** Absent: a school. */
  type?: string | null;
  /** Source id of the org above it. */
  parent?: string | null;
  schoolNumber?: string | null;
  ncesId?: string | null;
  stateId?: string | null;
  lowestGrade?: string | null;
  highestGrade?: string | null;
  principalExternalId?: string | null;
  principalName?: string | null;
  principalEmail?: string | null;
  street?: string | null;
  city?: string | null;
  state?: string | null;
  country?: string | null;
  postalCode?: string | null;
  phone?: string | null;
  zone?: string | null;
}

export interface AcademicSessionRecord {
  displayName: string;
  /** Absent: a term. */
  type?: string | null;
  /** Source id of the session above it: of the school year of a term. */
  parent?: string | null;
  /** The year in which it ends, `YYYY`. */
  schoolYear?: string | null;
  startDate?: string | null;
  endDate?: string | null;
}

export interface CourseRecord {
  displayName: string;
  courseNumber?: string | null;
  description?: string | null;
  subject?: string | null;
  /** Codes of whatever list the source has, separated by commas. */
  subjectCodes?: string | null;
  grade?: string | null;
  /** Source id of the org that offers it. */
  org?: string | null;
  /** Source id of the academic session. */
  schoolYear?: string | null;
}

/** Graph's educationClass. `mailNickname` is `Section_<source id>` made safe. Its org, course and session are keys. */
export interface ClassRecord {
  displayName: string;
  mailNickname: string;
  classCode?: string | null;
  grade?: string | null;
  periods?: string | null;
  status?: string | null;
  /** As the source calls it: homeroom, scheduled. */
  classType?: string | null;
  location?: string | null;
  /** In words, and as codes of whatever list the source has: separated by commas. */
  subjects?: string | null;
  subjectCodes?: string | null;
  /** Source ids, separated by commas, of the academic sessions beside the one that the class points at. */
  otherSessions?: string | null;
}

/** What a contact is to a pupil. The numbers of these words (their places) are in stored hashes: append only. */
export const CONTACT_RELATIONSHIPS = [
  'parent',
  'relative',
  'aide',
  'doctor',
  'guardian',
  'child',
  'other',
] as const;
export type ContactRelationship = (typeof CONTACT_RELATIONSHIPS)[number];

/** A contact of a pupil: parent, guardian, doctor. Graph's relatedContact. */
export interface ContactRecord {
  displayName: string;
  emailAddress: string;
  mobilePhone: string | null;
  relationship: ContactRelationship;
}

/** A student or a teacher. Initial passwords travel in `plan_item.secret`, never here. */
export interface PersonRecord {
  /** Identity creation: the full user principal name (`OKlein@students.contoso.edu`). Absent when matching. */
  userPrincipalName?: string;
  /** Identity matching: the value to look for (source property, with the target domain appended). Absent when creating. */
  matchValue?: string;
  /** Of who is a student and staff in a format with one id for each user: `student` or `teacher`, whose rule makes the account. */
  primaryRole?: string;
  /** As in the file, whatever the identity configuration. */
  username?: string | null;
  givenName?: string | null;
  middleName?: string | null;
  surname?: string | null;
  /** Student Number or Teacher Number. */
  number?: string | null;
  stateId?: string | null;
  secondaryEmail?: string | null;
  status?: string | null;
  grade?: string | null;
  /** Where there are several, separated by commas; `grade` is the first. Of a teacher: also a single one. */
  grades?: string | null;
  /** Source id of the org that is the first of the person's. */
  primaryOrg?: string | null;
  graduationYear?: string | null;
  birthDate?: string | null;
  sex?: string | null;
  title?: string | null;
  qualification?: string | null;
  /**
   * Of a student: all contacts, ordered by the bytes of their values, none twice. Empty: the source names none. Absent: the roster says
   * nothing of contacts, which to the directory is the same.
   */
  contacts?: readonly ContactRecord[];
  /**
   * In a staged item alone: properties of which a part could not be read. Planning fills them in from what the source said before
   * (storage/plan/resolve-incomplete.ts).
   */
  incomplete?: readonly 'contacts'[];
  /** Other columns (addresses, ELL Status, ...), camelCase, as they come. */
  [other: string]: string | null | undefined | readonly ContactRecord[] | readonly 'contacts'[];
}

/**
 * What some formats say of a person in a file of demographics: kept apart from the person in the directory, the first two in columns. In the
 * order of their place in content hashes: append only.
 */
export const DEMOGRAPHIC_PROPERTIES = [
  'sex',
  'birthDate',
  'birthCity',
  'birthState',
  'birthCountry',
  'ethnicityCodes',
  'raceCodes',
  'publicSchoolResidenceStatus',
] as const;

/** A person's role in an org. Its academic session is a key. */
export interface RoleRecord {
  role: 'student' | 'teacher';
  /** As the source calls it (`principal`); absent: as `role` says. */
  roleName?: string | null;
  grade?: string | null;
  /** `true` or `false`. */
  isPrimary?: string | null;
  startDate?: string | null;
  endDate?: string | null;
}

/** A person's place in a class. */
export interface EnrollmentRecord {
  role: 'student' | 'teacher';
  roleName?: string | null;
  /** `true` or `false`. */
  isPrimary?: string | null;
  beginDate?: string | null;
  endDate?: string | null;
}
