import { Client } from 'pg';

import { type Database, inTenant } from '#storage/database.ts';

const LINES = `select 'org ' || jsonb_build_array(external_id, display_name, type, phone, street, city, state, attributes, active)::text as line from org
       union all select 'session ' || jsonb_build_array(external_id, display_name, start_date, end_date, active)::text from academic_session
       union all select 'course ' || jsonb_build_array(external_id, display_name, course_number, description, subject, active)::text from course
       union all select 'class ' || jsonb_build_array(c.external_id, c.display_name, c.class_code, c.mail_nickname, o.external_id, k.external_id, s.external_id, c.attributes, c.active)::text
         from class c left join org o on o.id = c.org_id left join course k on k.id = c.course_id left join academic_session s on s.id = c.academic_session_id
       union all select 'person ' || jsonb_build_array(p.student_external_id, p.teacher_external_id, p.display_name, p.given_name, p.middle_name, p.surname,
           p.primary_role, p.grade, p.student_number, p.teacher_number, p.attributes, p.active, a.user_name, a.enabled, a.initial_password is not null, d.birth_date)::text
         from person p left join account a on a.person_id = p.id and a.target_id = 0 left join demographics d on d.person_id = p.id
       union all select 'contact ' || jsonb_build_array(p.student_external_id, r.display_name, r.email_address, r.mobile_phone, r.relationship, r.active)::text
         from contact_relationship r join person p on p.id = r.person_id
       union all select 'role ' || jsonb_build_array(coalesce(p.student_external_id, p.teacher_external_id), o.external_id, r.role, r.grade, r.active)::text
         from role r join person p on p.id = r.person_id join org o on o.id = r.org_id
       union all select 'enrollment ' || jsonb_build_array(c.external_id, coalesce(p.student_external_id, p.teacher_external_id), a.user_name, e.role, e.active)::text
         from enrollment e join class c on c.id = e.class_id join person p on p.id = e.person_id left join account a on a.person_id = p.id
       union all select 'link ' || jsonb_build_array(kind, source_id, attributes, active)::text from link
       order by 1`;

/**
 * The directory of a tenant as sorted lines of text without ids, versions and times: two directories with the same lines
 * are the same to every reader. Ended records are in it, marked.
 */
export async function dumpDirectory(db: Database, tenantId: string): Promise<string[]> {
  return inTenant(db, tenantId, async (tx) => {
    const rows = await tx.query<{ line: string }>(LINES);
    return rows.map(({ line }) => line);
  });
}

/** The same of all tenants of a database, asked as superuser: for servers that run in another process. */
export async function dumpDirectoryAt(superuserUrl: string): Promise<string[]> {
  const client = new Client({ connectionString: superuserUrl, options: '-c search_path=rollbook' });
  await client.connect();
  try {
    const { rows } = await client.query<{ line: string }>(LINES);
    return rows.map(({ line }) => line);
  } finally {
    await client.end();
  }
}
