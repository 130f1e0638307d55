import { reference, text, type View } from './view.ts';

const ACTIVE = 'e.active and c.active and p.active';

/** Places of people in classes, as each source states them. Nothing outside knows their keys, which order the pages alone. */
export const enrollmentsView: View = {
  typeName: 'rollbook.enrollment',
  set: 'enrollments',
  from: `enrollment e join class c on c.tenant_id = e.tenant_id and c.id = e.class_id
    join person p on p.tenant_id = e.tenant_id and p.id = e.person_id
    left join account a on a.tenant_id = p.tenant_id and a.person_id = p.id and a.target_id = 0`,
  id: 'e.key',
  order: [{ sql: 'e.source_system_id::text', descending: false }],
  condition: ACTIVE,
  properties: {
    role: text('e.role'),
    roleName: text('coalesce(e.role_name, e.role)'),
    isPrimary: { type: 'boolean', sql: 'e.is_primary' },
    beginDate: { type: 'date', sql: 'e.begin_date' },
    endDate: { type: 'date', sql: 'e.end_date' },
    ...reference('class', 'c'),
    user: { type: 'complex' },
    'user/id': { type: 'guid', sql: 'p.id' },
    'user/externalId':
      text(`case e.role when 'student' then coalesce(p.student_external_id, p.teacher_external_id)
      else coalesce(p.teacher_external_id, p.student_external_id) end`),
    'user/displayName': text('p.display_name'),
    'user/userPrincipalName': text('a.user_name'),
    active: { type: 'boolean', sql: ACTIVE },
  },
  basic: new Set(),
};
