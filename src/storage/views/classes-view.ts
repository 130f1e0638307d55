import { absent, externalSource, text, type View, type ViewVersion } from './view.ts';

/** Graph's educationClass, with its course and term inside. */
export function classesView(version: ViewVersion): View {
  return {
    typeName: 'microsoft.graph.educationClass',
    set: 'education/classes',
    from: `class c
      left join course k on k.tenant_id = c.tenant_id and k.id = c.course_id
      left join academic_session s on s.tenant_id = c.tenant_id and s.id = c.academic_session_id`,
    id: 'c.id',
    condition: 'c.active',
    changes: {
      table: 'class c',
      changeSeq: 'c.change_seq',
      active: 'c.active',
      ofType: 'true',
      members: true,
    },
    properties: {
      id: { type: 'guid', sql: 'c.id' },
      displayName: text('c.display_name'),
      description: text('c.description'),
      mailNickname: text('c.mail_nickname'),
      classCode: text('c.class_code'),
      externalId: text('c.external_id'),
      externalName: text('c.external_name'),
      externalSource: externalSource('c.external_source', version),
      externalSourceDetail: absent(null),
      grade: text('c.grade'),
      createdBy: absent(null, 'complex'),
      course: { type: 'complex' },
      'course/courseNumber': text('k.course_number'),
      'course/description': text('k.description'),
      'course/displayName': text('k.display_name'),
      'course/externalId': text('k.external_id'),
      'course/subject': text('k.subject'),
      term: { type: 'complex' },
      'term/displayName': text('s.display_name'),
      'term/externalId': text('s.external_id'),
      'term/startDate': { type: 'date', sql: 's.start_date' },
      'term/endDate': { type: 'date', sql: 's.end_date' },
    },
    searched: ['displayName', 'externalName', 'classCode', 'externalId'],
    basic: new Set([
      'id',
      'displayName',
      'description',
      'mailNickname',
      'classCode',
      'externalId',
      'externalName',
      'externalSource',
      'externalSourceDetail',
    ]),
  };
}
