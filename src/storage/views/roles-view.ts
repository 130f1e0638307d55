import { reference, text, type View } from './view.ts';

const ACTIVE = 'r.active and o.active and p.active';

/** What a person is in an org, as each source states it. Nothing outside knows the key of a role; it orders the pages alone. */
export const rolesView: View = {
  typeName: 'rollbook.role',
  set: 'roles',
  from: `role r join org o on o.tenant_id = r.tenant_id and o.id = r.org_id
    join person p on p.tenant_id = r.tenant_id and p.id = r.person_id
    left join academic_session s on s.tenant_id = r.tenant_id and s.id = r.academic_session_id`,
  id: 'r.key',
  order: [{ sql: 'r.source_system_id::text', descending: false }],
  condition: ACTIVE,
  properties: {
    role: text('r.role'),
    roleName: text('coalesce(r.role_name, r.role)'),
    grade: text('r.grade'),
    isPrimary: { type: 'boolean', sql: 'r.is_primary' },
    ...reference('org', 'o'),
    'org/type': text('o.type'),
    ...reference('academicSession', 's'),
    startDate: { type: 'date', sql: 'r.start_date' },
    endDate: { type: 'date', sql: 'r.end_date' },
    active: { type: 'boolean', sql: ACTIVE },
  },
  basic: new Set(),
};
