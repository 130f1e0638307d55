import { reference, text, type View } from './view.ts';

/** Classes with what the source says beyond Graph's educationClass, under the same ids. */
export const sectionsView: View = {
  typeName: 'rollbook.class',
  set: 'classes',
  from: `class c
    left join org o on o.tenant_id = c.tenant_id and o.id = c.org_id
    left join course k on k.tenant_id = c.tenant_id and k.id = c.course_id
    left join academic_session s on s.tenant_id = c.tenant_id and s.id = c.academic_session_id`,
  id: 'c.id',
  condition: 'c.active',
  properties: {
    id: { type: 'guid', sql: 'c.id' },
    displayName: text('c.display_name'),
    description: text('c.description'),
    mailNickname: text('c.mail_nickname'),
    classCode: text('c.class_code'),
    classType: text(`c.attributes ->> 'classType'`),
    location: text(`c.attributes ->> 'location'`),
    periods: text(`c.attributes ->> 'periods'`),
    status: text(`c.attributes ->> 'status'`),
    // Lists, separated by commas.
    grade: text('c.grade'),
    subjects: text(`c.attributes ->> 'subjects'`),
    subjectCodes: text(`c.attributes ->> 'subjectCodes'`),
    ...reference('school', 'o'),
    ...reference('course', 'k'),
    ...reference('academicSession', 's'),
    externalId: text('c.external_id'),
    externalSource: text('c.external_source'),
    active: { type: 'boolean', sql: 'c.active' },
  },
  basic: new Set(),
};
