import {
  absent,
  externalSource,
  text,
  type View,
  type ViewElements,
  type ViewProperty,
  type ViewVersion,
} from './view.ts';

/** People with what stands beside them: p, their account a, their demographics d. */
export const PEOPLE = people('', '');

/** Those behind an id, of people with such ids alone. */
export function peopleBehind(id: string): string {
  return people(`and a.person_id > ${id}`, `and d.person_id > ${id}`);
}

function people(ofAccounts: string, ofDemographics: string): string {
  return `person p
  left join account a on a.tenant_id = p.tenant_id and a.person_id = p.id and a.target_id = 0 ${ofAccounts}
  left join demographics d on d.tenant_id = p.tenant_id and d.person_id = p.id ${ofDemographics}`;
}

/** Pages in this order are found in an index. */
export const NAME_OF_PERSON: ViewProperty = { ...text('p.display_name'), sortedBy: 'p.name_key' };

/** Graph's educationUser: a person with the account of the built-in directory (target 0). */
export function usersView(version: ViewVersion): View {
  return {
    typeName: 'microsoft.graph.educationUser',
    set: 'education/users',
    from: PEOPLE,
    fromBehind: peopleBehind,
    id: 'p.id',
    alternateKey: 'a.user_name_key',
    condition: 'p.active',
    changes: { table: 'person p', changeSeq: 'p.change_seq', active: 'p.active', ofType: 'true' },
    properties: {
      id: { type: 'guid', sql: 'p.id' },
      accountEnabled: { type: 'boolean', sql: 'coalesce(a.enabled, false)' },
      displayName: NAME_OF_PERSON,
      givenName: text('p.given_name'),
      middleName: text('p.middle_name'),
      surname: text('p.surname'),
      userPrincipalName: text('a.user_name'),
      mail: text('a.mail'),
      mailNickname: text('a.mail_nickname'),
      userType: absent('Member'),
      primaryRole: primaryRole(version),
      externalSource: externalSource('p.external_source', version),
      externalSourceDetail: absent(null),
      student: { type: 'complex' },
      'student/externalId': text('p.student_external_id'),
      'student/grade': text('p.grade'),
      'student/graduationYear': text('p.graduation_year'),
      'student/studentNumber': text('p.student_number'),
      'student/birthDate': { type: 'date', sql: 'd.birth_date' },
      'student/gender': {
        type: 'enum',
        members: ['female', 'male', 'other', 'unknownFutureValue'],
        sql: GENDER,
      },
      teacher: { type: 'complex' },
      'teacher/externalId': text('p.teacher_external_id'),
      'teacher/teacherNumber': text('p.teacher_number'),
      usageLocation: text('a.usage_location'),
      onPremisesInfo: { type: 'complex' },
      'onPremisesInfo/immutableId': absent(null),
      ...address('mailingAddress', 'mailing'),
      ...address('residenceAddress', 'residence'),
      relatedContacts: { type: 'collection', sql: relatedContacts(version) },
      assignedLicenses: { type: 'collection', sql: ASSIGNED_LICENSES },
      assignedPlans: absent([], 'collection'),
      provisionedPlans: absent([], 'collection'),
      businessPhones: absent([], 'collection'),
      mobilePhone: absent(null),
      department: absent(null),
      officeLocation: absent(null),
      preferredLanguage: absent(null),
      passwordPolicies: absent(null),
      passwordProfile: absent(null, 'complex'),
      refreshTokensValidFromDateTime: absent(null),
      showInAddressList: absent(null),
      createdBy: absent(null, 'complex'),
    },
    elements: {
      relatedContacts: {
        typeName: 'microsoft.graph.relatedContact',
        from: 'contact_relationship r',
        condition: 'r.tenant_id = p.tenant_id and r.person_id = p.id and r.active',
        properties: {
          ...(version === 'beta' ? { id: { type: 'guid', sql: 'r.id' } } : {}),
          displayName: text('r.display_name'),
          emailAddress: text('r.email_address'),
          mobilePhone: text('r.mobile_phone'),
          relationship: { type: 'enum', members: CONTACT_RELATIONSHIPS, sql: 'r.relationship' },
        },
      },
      assignedLicenses: ASSIGNED_LICENSE_ELEMENTS,
    },
    searched: ['displayName', 'givenName', 'surname', 'userPrincipalName'],
    // What delegated readers see of a user.
    basic: new Set([
      'id',
      'primaryRole',
      'accountEnabled',
      'displayName',
      'givenName',
      'surname',
      'userPrincipalName',
      'userType',
      'onPremisesInfo/immutableId',
      'student/externalId',
      'teacher/externalId',
    ]),
  };
}

function primaryRole(version: ViewVersion): ViewProperty {
  const members = ['student', 'teacher', 'none', 'unknownFutureValue'];
  return version === 'beta'
    ? { type: 'enum', members: [...members, 'faculty'], sql: 'p.primary_role' }
    : {
        type: 'enum',
        members,
        sql: `case when p.primary_role = 'faculty' then 'unknownFutureValue' else p.primary_role end`,
      };
}

const CONTACT_RELATIONSHIPS = [
  'parent',
  'relative',
  'aide',
  'doctor',
  'guardian',
  'child',
  'other',
  'unknownFutureValue',
] as const;

/** Sources write the sex as they like; Graph has three words for it. */
export const GENDER = `case when d.sex is null then null
  when lower(d.sex) in ('f', 'female') then 'female' when lower(d.sex) in ('m', 'male') then 'male' else 'other' end`;

/** Addresses stand among the attributes under the names of their columns. */
function address(property: string, prefix: string): Record<string, ViewProperty> {
  const part = (column: string): ViewProperty => text(`p.attributes ->> '${prefix}${column}'`);
  return {
    [property]: { type: 'complex' },
    [`${property}/street`]: part('Address'),
    [`${property}/city`]: part('City'),
    [`${property}/state`]: part('State'),
    [`${property}/postalCode`]: part('Zip'),
    [`${property}/countryOrRegion`]: part('Country'),
  };
}

export const ASSIGNED_LICENSE_ELEMENTS: ViewElements = {
  typeName: 'microsoft.graph.assignedLicense',
  from: 'unnest(a.licenses) l(sku)',
  condition: 'true',
  properties: { skuId: text('l.sku') },
};

export const ASSIGNED_LICENSES = `(select coalesce(jsonb_agg(jsonb_build_object('skuId', sku, 'disabledPlans', '[]'::jsonb)), '[]'::jsonb)
  from unnest(a.licenses) sku)`;

/** `id` is beta's alone; v1.0 wants an emailAddress. */
function relatedContacts(version: ViewVersion): string {
  const [id, email] =
    version === 'beta' ? [`'id', r.id, `, 'r.email_address'] : ['', `coalesce(r.email_address, '')`];
  return `(select coalesce(jsonb_agg(jsonb_build_object(${id}'displayName', r.display_name, 'emailAddress', ${email},
      'mobilePhone', r.mobile_phone, 'relationship', r.relationship, 'accessConsent', null) order by r.id), '[]'::jsonb)
    from contact_relationship r where r.tenant_id = p.tenant_id and r.person_id = p.id and r.active)`;
}
