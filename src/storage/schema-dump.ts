import type { Tx } from './database.ts';

/**
 * The schema of a migrated database as SQL for people and for comparison: tables, views, functions, policies, grants and
 * comments of our two schemas, in a stable order, the same on every PostgreSQL from 15 on. Partitions of a month are left out, since
 * they depend on the date. Not meant to be run: a database is made by db/migrations.
 */
export async function dumpSchema(tx: Tx): Promise<string> {
  const sections: string[] = [
    '-- Written by scripts/schema.ts from a migrated database; see db/migrations for how it came to be. Do not edit.',
  ];
  for (const query of [TABLES, VIEWS, FUNCTIONS]) {
    const rows = await tx.query<{ definition: string }>(query);
    sections.push(...rows.map((row) => row.definition));
  }
  return `${sections.join('\n\n')}\n`;
}

/** Without the partitions of months: their names end in _YYYY_MM. */
const OUR_RELATIONS = `
  select c.oid, c.relname, n.nspname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner, c.reloptions,
         c.relispartition, c.relpersistence, c.relnamespace,
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('rollbook', 'bulk') and c.relkind in ('r', 'p', 'v', 'm', 'S')
    and not (c.relispartition and c.relname ~ '_\\d{4}_\\d{2}$')`;

/** Grants of a relation and of its columns, without the owner's own, which are implied. */
const GRANTS = `
  (select string_agg(format(E'\\ngrant %s on %s to %s;', g.privileges, o.name, g.grantee), '' order by g.grantee)
   from (select a.grantee::regrole::text as grantee,
                string_agg(lower(a.privilege_type), ', ' order by a.privilege_type) as privileges
         from aclexplode(o.relacl) a where a.grantee <> o.relowner and a.grantee <> 0 group by 1) g)`;

const COLUMN_GRANTS = `
  (select string_agg(format(E'\\ngrant %s (%s) on %s to %s;', g.privilege, g.columns, o.name, g.grantee), '' order by g.grantee, g.privilege)
   from (select x.grantee::regrole::text as grantee, lower(x.privilege_type) as privilege,
                string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
         from pg_attribute a, aclexplode(a.attacl) x
         where a.attrelid = o.oid and x.grantee <> o.relowner group by 1, 2) g)`;

const COMMENTS = `
  (select string_agg(format(E'\\ncomment on %s %s is %L;',
            case when d.objsubid > 0 then 'column' when o.relkind = 'v' then 'view' else 'table' end,
            o.name || coalesce('.' || quote_ident(a.attname), ''), d.description), '' order by d.objsubid)
   from pg_description d left join pg_attribute a on a.attrelid = o.oid and a.attnum = d.objsubid and d.objsubid > 0
   where d.classoid = 'pg_class'::regclass and d.objoid = o.oid)`;

/** Constraints by kind then name; the NOT NULL constraints that PostgreSQL 18 lists stand at their columns. */
const CONSTRAINTS = `
  (select string_agg(format(E',\\n  constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), ''
            order by position(k.contype::text in 'pufcx'), k.conname)
   from pg_constraint k where k.conrelid = o.oid and k.contype in ('p', 'u', 'f', 'c', 'x') and k.conparentid = 0)`;

const TABLES = `
  with o as (${OUR_RELATIONS})
  select case
      when o.relispartition then
        format('create table %s partition of %s %s;', o.name,
          (select i.inhparent::regclass::text from pg_inherits i where i.inhrelid = o.oid),
          (select pg_get_expr(c.relpartbound, c.oid) from pg_class c where c.oid = o.oid))
      else
        'create ' || case o.relpersistence when 'u' then 'unlogged ' else '' end || 'table ' || o.name || E' (\\n' ||
        (select string_agg(format('  %s %s%s%s%s', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
            case when a.attcollation <> t.typcollation then ' collate ' || a.attcollation::regcollation::text else '' end,
            case when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
                 when a.attidentity <> '' then ' generated ' || case a.attidentity when 'a' then 'always' else 'by default' end || ' as identity'
                 when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
            case when a.attnotnull then ' not null' else '' end), E',\\n' order by a.attnum)
         from pg_attribute a join pg_type t on t.oid = a.atttypid
           left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
         where a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped) ||
        coalesce(${CONSTRAINTS}, '') || E'\\n)' ||
        case o.relkind when 'p' then ' partition by ' || pg_get_partkeydef(o.oid) else '' end || ';'
    end ||
    case when o.relispartition then '' else
    coalesce((select string_agg(E'\\n' || pg_get_indexdef(i.indexrelid) || ';', '' order by c.relname)
       from pg_index i join pg_class c on c.oid = i.indexrelid
       where i.indrelid = o.oid and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))), '') ||
    case when o.relrowsecurity then format(E'\\nalter table %s enable row level security;', o.name) else '' end ||
    case when o.relforcerowsecurity then format(E'\\nalter table %s force row level security;', o.name) else '' end ||
    coalesce((select string_agg(format(E'\\ncreate policy %I on %s%s for %s to %s%s%s;', p.polname, o.name,
         case when p.polpermissive then '' else ' as restrictive' end,
         case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end,
         (select string_agg(r::regrole::text, ', ' order by r::regrole::text) from unnest(p.polroles) r),
         coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
         coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')), '' order by p.polname)
       from pg_policy p where p.polrelid = o.oid), '') ||
    coalesce((select string_agg(E'\\n' || pg_get_triggerdef(g.oid) || ';', '' order by g.tgname)
       from pg_trigger g where g.tgrelid = o.oid and not g.tgisinternal), '') end ||
    coalesce(${GRANTS}, '') || coalesce(${COLUMN_GRANTS}, '') || coalesce(${COMMENTS}, '') as definition
  from o where o.relkind in ('r', 'p')
  order by o.nspname, o.relname`;

const VIEWS = `
  with o as (${OUR_RELATIONS})
  select 'create view ' || o.name || coalesce(' with (' || array_to_string(o.reloptions, ', ') || ')', '') || E' as\\n' ||
         pg_get_viewdef(o.oid) || coalesce(${GRANTS}, '') || coalesce(${COMMENTS}, '') as definition
  from o where o.relkind = 'v'
  order by o.nspname, o.relname`;

const FUNCTIONS = `
  select rtrim(pg_get_functiondef(f.oid), E'\\n') || ';' ||
         coalesce((select string_agg(format(E'\\ngrant execute on function %s to %s;', f.oid::regprocedure, g.grantee), '' order by g.grantee)
            from (select case a.grantee when 0 then 'public' else a.grantee::regrole::text end as grantee
                  from aclexplode(f.proacl) a where a.grantee <> f.proowner) g), '') ||
         coalesce(E'\\ncomment on function ' || f.oid::regprocedure || ' is ' || quote_literal(obj_description(f.oid, 'pg_proc')) || ';', '') as definition
  from pg_proc f where f.pronamespace in ('rollbook'::regnamespace, 'bulk'::regnamespace)
  order by f.pronamespace::regnamespace::text, f.proname, f.oid::regprocedure::text`;
