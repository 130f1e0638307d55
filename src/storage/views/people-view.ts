import { PLAIN_ATTRIBUTES } from '#core/roster/plain-attributes.ts';

import { NAME_OF_PERSON, PEOPLE, peopleBehind } from './users-view.ts';
import { text, type View } from './view.ts';

const PLAIN = `array[${PLAIN_ATTRIBUTES.map((name) => `'${name}'`).join(', ')}]`;

/** The person with what the source says beyond Graph's properties, and without what needs more protection than a name. */
export const peopleView: View = {
  typeName: 'rollbook.person',
  set: 'users',
  from: PEOPLE,
  fromBehind: peopleBehind,
  id: 'p.id',
  alternateKey: 'a.user_name_key',
  condition: 'p.active',
  properties: {
    id: { type: 'guid', sql: 'p.id' },
    displayName: NAME_OF_PERSON,
    givenName: text('p.given_name'),
    middleName: text('p.middle_name'),
    surname: text('p.surname'),
    primaryRole: text('p.primary_role'),
    externalSource: text('p.external_source'),
    account: { type: 'complex' },
    'account/userPrincipalName': text('a.user_name'),
    'account/mail': text('a.mail'),
    'account/accountEnabled': { type: 'boolean', sql: 'a.enabled' },
    student: { type: 'complex' },
    'student/externalId': text('p.student_external_id'),
    'student/studentNumber': text('p.student_number'),
    'student/grade': text('p.grade'),
    'student/graduationYear': text('p.graduation_year'),
    teacher: { type: 'complex' },
    'teacher/externalId': text('p.teacher_external_id'),
    'teacher/teacherNumber': text('p.teacher_number'),
    attributes: { type: 'collection', sql: attributesWhere(`key = any(${PLAIN})`) },
    active: { type: 'boolean', sql: 'p.active' },
  },
  basic: new Set(),
};

/** What needs more protection than a name, of the same people: one row each, whether there is anything or not. */
export const demographicsView: View = {
  typeName: 'rollbook.demographics',
  set: 'demographics',
  from: PEOPLE,
  fromBehind: peopleBehind,
  id: 'p.id',
  alternateKey: 'a.user_name_key',
  condition: 'p.active',
  properties: {
    userId: { type: 'guid', sql: 'p.id' },
    birthDate: { type: 'date', sql: 'd.birth_date' },
    sex: text('d.sex'),
    attributes: {
      type: 'collection',
      sql: `${attributesWhere(`key <> all(${PLAIN})`)} || coalesce(d.attributes, '{}')`,
    },
  },
  basic: new Set(),
};

function attributesWhere(condition: string): string {
  return `(select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(p.attributes) where ${condition})`;
}
