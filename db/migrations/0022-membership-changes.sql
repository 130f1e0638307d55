-- 0022 membership changes: what a source changes of a place in a class touches its row, and no longer all of its indexes.

-- Of pages that are written from now on: room for rows that change in their page.
alter table enrollment set (fillfactor = 95);
alter table role set (fillfactor = 95);
alter table link set (fillfactor = 95);

create table membership_change (
  tenant_id   uuid not null references tenant (id),
  change_seq  bigint not null,
  class_ids   uuid[] not null,
  created_at  timestamptz not null default now()
);
create index membership_change_change_seq on membership_change (tenant_id, change_seq);
comment on table membership_change is 'Classes with enrollments that got this change_seq: one row for each statement that wrote some. Enrollments are not found by their change_seq; who follows changes finds the classes here, and looks at their enrollments. Kept for as long as somebody may ask (housekeeping).';
comment on column membership_change.class_ids is 'In ascending order. Some may have got a later change_seq since; none is missing.';

alter table tenant_counter add column forgotten_seq bigint not null default 0;
comment on column tenant_counter.forgotten_seq is 'The highest change_seq of the membership changes that were removed: who followed the members of classes up to an earlier one has to begin again.';

alter table membership_change enable row level security;
alter table membership_change force row level security;
create policy tenant on membership_change to rollbook_app using (tenant_id = (select current_tenant()));
create policy owner on membership_change to rollbook_owner using (true);
grant select, insert on membership_change to rollbook_app;

create function remember_membership_changes() returns trigger language plpgsql as $$
begin
  insert into rollbook.membership_change (tenant_id, change_seq, class_ids)
    select tenant_id, change_seq, array_agg(distinct class_id order by class_id) from written group by tenant_id, change_seq;
  return null;
end $$;
comment on function remember_membership_changes() is 'Whatever writes enrollments: a sync, a hand edit, another trigger.';
create trigger enrollment_inserted after insert on enrollment referencing new table as written
  for each statement execute function remember_membership_changes();
create trigger enrollment_updated after update on enrollment referencing new table as written
  for each statement execute function remember_membership_changes();

insert into membership_change (tenant_id, change_seq, class_ids)
  select tenant_id, change_seq, array_agg(distinct class_id order by class_id) from enrollment group by tenant_id, change_seq;

-- A row can be changed in its page, without a new entry in each index, where no index has a column that changes and the page has room. Last, since whoever reads
-- enrollments waits from here to the end.
drop index enrollment_change_seq;
-- Nobody asked these.
drop index role_change_seq;
drop index course_change_seq;
drop index academic_session_change_seq;
