import { lookUp } from './look-up.ts';

/** What the source of a class `c` said last of its school, course and term, whatever was set by hand since: SQL for their ids. */
export const SOURCE_ORG = '(case when c.org_by_hand then c.source_org_id else c.org_id end)';
export const SOURCE_COURSE = sourceOf('course');
export const SOURCE_SESSION = sourceOf('academic_session');

function sourceOf(table: 'course' | 'academic_session'): string {
  return `(select case when h.external_source = 'manual' then h.copy_of else h.id end from ${table} h
            where h.tenant_id = c.tenant_id and h.id = c.${table}_id)`;
}

/** The school `g` by its id, a column of some `row`, and its source id, from $2, the source system: what is shown as its id may have been written by hand. */
export const schoolOf = (row: string, orgId: string): string =>
  `left join ${lookUp('org', 'g', `g.tenant_id = ${row}.tenant_id and g.id = ${orgId}`)} on true
   left join ${lookUp('link', 'gl', `gl.tenant_id = g.tenant_id and gl.object_id = g.id and gl.source_system_id = $2 and gl.kind = 'org'`)} on true`;
export const SCHOOL_ID = 'coalesce(gl.source_id, g.external_id)';

/**
 * The common table `school`: all orgs with their source ids, for statements about so many records that looking each up takes longer. $2: the source system. To be
 * joined with a materialized common table: PostgreSQL, who takes that for a handful of rows, would else read all schools for each of them.
 */
export const SCHOOLS = `org_link as materialized (
    select object_id, source_id from link where source_system_id = $2 and kind = 'org'),
  school as materialized (
    select g.id, ${SCHOOL_ID} as school_id from org g left join org_link gl on gl.object_id = g.id)`;
