import { EXTENSION_ATTRIBUTES } from '#core/users/extension-attributes.ts';

import { IS_SCHOOL } from '../is-school.ts';
import { addressAttributes, dateText, extensionAttributes, syncSource } from './extension-attributes.ts';
import type { View, ViewVersion } from './view.ts';
import { absent, text } from './view.ts';
import {
  ASSIGNED_LICENSES,
  ASSIGNED_LICENSE_ELEMENTS,
  GENDER,
  NAME_OF_PERSON,
  PEOPLE,
  peopleBehind,
} from './users-view.ts';

const TYPE = `case p.primary_role when 'student' then 'Student' when 'teacher' then 'Teacher' when 'faculty' then 'Teacher' end`;

/** External ids of the schools a person has a role in, with commas between them. */
const SCHOOL_IDS = `(select string_agg(distinct o.external_id, ',' order by o.external_id) from role r
  join org o on o.tenant_id = r.tenant_id and o.id = r.org_id
  where r.person_id = p.id and r.active and o.active and ${IS_SCHOOL})`;

/** Graph's user, with the attributes that School Data Sync wrote to it: the same people as educationUser, under the same ids. */
export function directoryUsersView(version: ViewVersion): View {
  return {
    typeName: 'microsoft.graph.user',
    set: 'users',
    from: PEOPLE,
    fromBehind: peopleBehind,
    id: 'p.id',
    alternateKey: 'a.user_name_key',
    condition: 'p.active',
    properties: {
      id: { type: 'guid', sql: 'p.id' },
      accountEnabled: { type: 'boolean', sql: 'coalesce(a.enabled, false)' },
      displayName: NAME_OF_PERSON,
      givenName: text('p.given_name'),
      surname: text('p.surname'),
      userPrincipalName: text('a.user_name'),
      mail: text('a.mail'),
      mailNickname: text('a.mail_nickname'),
      employeeId: text('a.employee_id'),
      usageLocation: text('a.usage_location'),
      onPremisesExtensionAttributes: { type: 'complex' },
      ...Object.fromEntries(
        EXTENSION_ATTRIBUTES.map((name) => [
          `onPremisesExtensionAttributes/${name}`,
          text(`a.extension_attributes ->> '${name}'`),
        ]),
      ),
      userType: { type: 'string', sql: `'Member'` },
      assignedLicenses: { type: 'collection', sql: ASSIGNED_LICENSES },
      businessPhones: absent([], 'collection'),
      jobTitle: absent(null),
      mobilePhone: absent(null),
      officeLocation: absent(null),
      preferredLanguage: absent(null),
      department: absent(null),
      onPremisesImmutableId: absent(null),
      ...extensionAttributes({
        ObjectType: TYPE,
        AnchorId: `case when p.primary_role = 'student' then 'Student_' || p.student_external_id
          when p.teacher_external_id is not null then 'Teacher_' || p.teacher_external_id end`,
        SyncSource: syncSource('p.external_source'),
        SyncSource_StudentId: 'p.student_external_id',
        SyncSource_TeacherId: 'p.teacher_external_id',
        SyncSource_SchoolId: SCHOOL_IDS,
        MiddleName: 'p.middle_name',
        StudentNumber: 'p.student_number',
        TeacherNumber: 'p.teacher_number',
        StudentStatus: `case p.primary_role when 'student' then p.attributes ->> 'status' end`,
        TeacherStatus: `case p.primary_role when 'teacher' then p.attributes ->> 'status' end`,
        StateId: `p.attributes ->> 'stateId'`,
        Email: `p.attributes ->> 'secondaryEmail'`,
        Title: `p.attributes ->> 'title'`,
        TeacherQualification: `p.attributes ->> 'qualification'`,
        Grade: 'p.grade',
        GraduationYear: 'p.graduation_year',
        DateOfBirth: dateText('d.birth_date'),
        Gender: GENDER,
        EnglishLanguageLearnersStatus: `p.attributes ->> 'ellStatus'`,
        FederalRace: `p.attributes ->> 'federalRace'`,
        ...addressAttributes(['Mailing'], 'mailing'),
        ...addressAttributes(['Resident', 'Residence'], 'residence'),
      }),
    },
    elements: { assignedLicenses: ASSIGNED_LICENSE_ELEMENTS },
    searched: ['displayName', 'givenName', 'surname', 'userPrincipalName'],
    // Beta answers with everything unless asked otherwise, v1.0 with these.
    ...(version === 'beta' ? {} : { shown: V1_SHOWN }),
    basic: new Set([
      'id',
      'accountEnabled',
      'displayName',
      'givenName',
      'surname',
      'userPrincipalName',
      'userType',
    ]),
  };
}

const V1_SHOWN: ReadonlySet<string> = new Set([
  'id',
  'displayName',
  'givenName',
  'surname',
  'userPrincipalName',
  'mail',
  'businessPhones',
  'jobTitle',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
]);
