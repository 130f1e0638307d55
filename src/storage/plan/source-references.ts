/** What the source of a class `c` said last of its school, course and term, whatever was set by hand since: SQL for their ids. */
export const SOURCE_ORG = '(case when c.org_by_hand then c.source_org_id else c.org_id end)';
export const SOURCE_COURSE = sourceOf('course');
export const SOURCE_SESSION = sourceOf('academic_session');

function sourceOf(table: 'course' | 'academic_session'): string {
  return `(select case when h.external_source = 'manual' then h.copy_of else h.id end from ${table} h
            where h.tenant_id = c.tenant_id and h.id = c.${table}_id)`;
}

/** The source id of a school `g`, from $2, the source system: what is shown as its id may have been written by hand. */
export const SCHOOL_LINK = `left join link gl on gl.source_system_id = $2 and gl.kind = 'org' and gl.object_id = g.id`;
export const SCHOOL_ID = 'coalesce(gl.source_id, g.external_id)';
