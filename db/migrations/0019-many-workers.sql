-- 0019 many workers: old processes beside a newer schema, and who follows a run is told of its changes.

alter table schema_migration add column needs integer not null default 0;
comment on column schema_migration.needs is 'Processes that do not know this migration must not write any more: the first line of its file says so (-- needs 0019). 0: the release before can live with it.';
grant select on schema_migration to rollbook_app;

-- Called as the first statement of a transaction that writes. A migration holds schema_migration locked until its commit, so that no
-- transaction of an older process can be half before it and half behind it.
create function require_schema(known integer, newest boolean) returns void
language plpgsql stable as $$
begin
  if exists (select from rollbook.schema_migration where case when newest then number else needs end > known) then
    raise exception using errcode = 'RB001', message = 'a newer Rollbook has migrated the database',
      hint = 'Replace this process by one of the newer version.';
  end if;
end $$;
comment on function require_schema(integer, boolean) is 'Refuses (RB001) a process that knows the migrations up to `known`: when there is a newer one (newest), or one that needs newer processes.';
grant execute on function require_schema(integer, boolean) to rollbook_app;

-- Ids and nothing else: notifications have no row-level security. The channel is of this database alone.
create function tell_change() returns trigger
language plpgsql as $$
begin
  perform pg_notify('rollbook_changes', tg_table_name || ' ' || new.tenant_id || ' ' || new.id);
  if tg_table_name = 'run' then
    perform pg_notify('rollbook_changes', 'profile ' || new.tenant_id || ' ' || new.profile_id);
  end if;
  return null;
end $$;
comment on function tell_change() is 'Wakes whoever follows a run or the status of a profile: kind, tenant and id. Losing one is harmless, they look from time to time anyway.';

-- Not on applied_item_no: the commit of a notifying transaction waits for that of others, and batches must not.
create trigger run_tells_change after insert or update of state, progress, message, cancel_requested, next_attempt_at, finished_at, lease_owner on run
  for each row execute function tell_change();
create trigger profile_tells_change after update of state, paused_at, settings, broken_runs, quarantined_at on profile
  for each row execute function tell_change();
