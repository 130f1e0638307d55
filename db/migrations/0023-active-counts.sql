-- 0023 active counts: what is active in a school is known, and no longer counted for each plan.

create table active_count (
  tenant_id         uuid not null references tenant (id),
  source_system_id  uuid not null,
  org_id            uuid not null,
  kind              text not null,
  active            integer not null,
  primary key (tenant_id, source_system_id, org_id, kind)
);
-- Its rows change with every batch.
alter table active_count set (fillfactor = 50);
comment on table active_count is 'How many roles and enrollments of a source are active in an org: what limits per school are measured by. Kept by triggers of the tables it counts.';
comment on column active_count.kind is 'enrollment: places in classes of the org; else what role.role says: roles in the org.';

alter table active_count enable row level security;
alter table active_count force row level security;
create policy tenant on active_count to rollbook_app using (tenant_id = (select current_tenant()));
create policy owner on active_count to rollbook_owner using (true);
grant select, insert, update on active_count to rollbook_app;

create function count_active_roles() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
      select tenant_id, source_system_id, org_id, role, count(*) from written where active group by 1, 2, 3, 4
      on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  else
    insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
      select tenant_id, source_system_id, org_id, role, sum(change)
        from (select tenant_id, source_system_id, org_id, role, 1 as change from written where active
              union all
              select tenant_id, source_system_id, org_id, role, -1 from replaced where active) r
       group by 1, 2, 3, 4 having sum(change) <> 0
      on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  end if;
  return null;
end $$;
comment on function count_active_roles() is 'Whatever writes roles: a sync, a hand edit, a restore.';

-- Classes are looked up one by one: this is planned once for a connection, perhaps for a single row.
create function count_active_enrollments() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
      select e.tenant_id, e.source_system_id, c.org_id, 'enrollment', sum(e.change)
        from (select tenant_id, source_system_id, class_id, count(*) as change from written where active group by 1, 2, 3) e
       cross join lateral (select org_id from rollbook.class where tenant_id = e.tenant_id and id = e.class_id offset 0) c
       where c.org_id is not null
       group by 1, 2, 3
      on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  else
    insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
      select e.tenant_id, e.source_system_id, c.org_id, 'enrollment', sum(e.change)
        from (select tenant_id, source_system_id, class_id, sum(change) as change
                from (select tenant_id, source_system_id, class_id, 1 as change from written where active
                      union all
                      select tenant_id, source_system_id, class_id, -1 from replaced where active) r
               group by 1, 2, 3 having sum(change) <> 0) e
       cross join lateral (select org_id from rollbook.class where tenant_id = e.tenant_id and id = e.class_id offset 0) c
       where c.org_id is not null
       group by 1, 2, 3 having sum(e.change) <> 0
      on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  end if;
  return null;
end $$;
comment on function count_active_enrollments() is 'Whatever writes enrollments: a sync, a hand edit, a restore.';

create function count_moved_enrollments() returns trigger language plpgsql as $$
begin
  insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
    select new.tenant_id, e.source_system_id, o.org_id, 'enrollment', o.sign * e.places
      from (select source_system_id, count(*) as places from rollbook.enrollment
             where tenant_id = new.tenant_id and class_id = new.id and active group by 1) e
     cross join (values (old.org_id, -1), (new.org_id, 1)) o (org_id, sign)
     where o.org_id is not null
    on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  return null;
end $$;
comment on function count_moved_enrollments() is 'A class that goes to another org takes its places along.';

create trigger role_inserted after insert on role referencing new table as written
  for each statement execute function count_active_roles();
create trigger role_updated after update on role referencing old table as replaced new table as written
  for each statement execute function count_active_roles();
create trigger enrollment_counted after insert on enrollment referencing new table as written
  for each statement execute function count_active_enrollments();
create trigger enrollment_counted_again after update on enrollment referencing old table as replaced new table as written
  for each statement execute function count_active_enrollments();
create trigger class_moved after update of org_id on class for each row when (old.org_id is distinct from new.org_id)
  execute function count_moved_enrollments();

insert into active_count (tenant_id, source_system_id, org_id, kind, active)
  select tenant_id, source_system_id, org_id, role, count(*) from role where active group by 1, 2, 3, 4;
insert into active_count (tenant_id, source_system_id, org_id, kind, active)
  select e.tenant_id, e.source_system_id, c.org_id, 'enrollment', sum(e.places)
    from (select tenant_id, source_system_id, class_id, count(*) as places from enrollment where active group by 1, 2, 3) e
    join class c on c.tenant_id = e.tenant_id and c.id = e.class_id
   where c.org_id is not null
   group by 1, 2, 3;
