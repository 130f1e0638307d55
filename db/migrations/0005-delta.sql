-- 0005 delta: who reads changes by change_seq sees memberships appear and disappear with their person and their class.

create function show_memberships_of_person() returns trigger language plpgsql as $$
begin
  update rollbook.enrollment set change_seq = new.change_seq
    where tenant_id = new.tenant_id and person_id = new.id and active;
  return null;
end $$;
comment on function show_memberships_of_person() is 'A membership is seen while its person is active: when that changes, so has the membership.';
create trigger person_memberships after update of active on person
  for each row when (old.active is distinct from new.active) execute function show_memberships_of_person();

create function show_memberships_of_class() returns trigger language plpgsql as $$
begin
  update rollbook.enrollment set change_seq = new.change_seq
    where tenant_id = new.tenant_id and class_id = new.id and active;
  return null;
end $$;
comment on function show_memberships_of_class() is 'A reader of changes drops an inactive class with its memberships: when it comes back, so do they.';
create trigger class_memberships after update of active on class
  for each row when (new.active and not old.active) execute function show_memberships_of_class();
