-- 0021 places and traces: an installation has an id, by which it marks its place in a storage; a run remembers the request that asked for it.
-- And what is asked for over all tenants every few seconds no longer reads what is over.

create table installation (
  one         boolean primary key default true check (one),
  id          uuid not null,
  created_at  timestamptz not null default now()
);
comment on table installation is 'Which Rollbook this database belongs to: one row, made by the first process. Not in backups: what is restored elsewhere is another installation, and may stand beside the first one.';
comment on column installation.id is 'Stands in the bucket or container for uploads, so that no other installation uses the same place.';

alter table run add column traceparent text;
comment on column run.traceparent is 'The span of the request that asked for the run last (W3C Trace Context); its trace is linked to it. Null: nobody traced it, or no request did.';

create index run_unfinished on run (tenant_id, profile_id)
  where state in ('queued', 'staging', 'planning', 'held', 'applying', 'suspended', 'broken');
create index plan_hold_put_off on plan_hold (tenant_id, run_id) where scope = 'addsOnly' and decision is null;
