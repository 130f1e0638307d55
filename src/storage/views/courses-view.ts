import { text, type View } from './view.ts';

/** Courses. One made by hand (externalSource manual) belongs to the one class whose course was edited. */
export const coursesView: View = {
  typeName: 'rollbook.course',
  set: 'courses',
  from: 'course k',
  id: 'k.id',
  condition: 'k.active',
  properties: {
    id: { type: 'guid', sql: 'k.id' },
    displayName: text('k.display_name'),
    description: text('k.description'),
    courseNumber: text('k.course_number'),
    subject: text('k.subject'),
    subjectCodes: text(`k.attributes ->> 'subjectCodes'`),
    grade: text(`k.attributes ->> 'grade'`),
    // As the source names them: the externalId of an org and of an academic session.
    orgExternalId: text(`k.attributes ->> 'org'`),
    schoolYearExternalId: text(`k.attributes ->> 'schoolYear'`),
    externalId: text('k.external_id'),
    externalSource: text('k.external_source'),
    active: { type: 'boolean', sql: 'k.active' },
  },
  basic: new Set(),
};
