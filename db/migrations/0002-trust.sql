-- 0002 trust: previews and approvals, breakers by school, certificates, escrow, quarantine, schedules.

alter table run drop constraint run_state_known;
alter table run add constraint run_state_known check (state in
  ('queued', 'staging', 'planning', 'held', 'applying', 'suspended', 'broken', 'completed', 'superseded', 'cancelled', 'rejected'));
alter table run
  add column plan_only boolean not null default false,
  add column trigger text not null default 'start',
  add column adds_only boolean not null default false,
  add column apply_pass integer not null default 1,
  add column certificate jsonb,
  add constraint run_trigger_known check (trigger in ('start', 'plan', 'upload', 'cron', 'folder', 'retry', 'catchUp'));
comment on column run.plan_only is 'A preview: its plan waits, and the status does not show it, until somebody approves it; then it is a run as any other.';
comment on column run.trigger is 'What asked for it: start and plan by a client; upload, cron and folder by the schedule; retry for what is in escrow; catchUp for endings that an adds-only window put off.';
comment on column run.adds_only is 'It was planned in an adds-only window: endings wait for the end of the window.';
comment on column run.apply_pass is '1: all items that are not held. A later pass applies the held items that were released for it. applied_item_no counts within the pass.';
comment on column run.certificate is 'What proves that the source was read whole (core/plan/certificate); without proof nothing is ended.';

alter table profile
  add column accepted_run_id uuid,
  add column quarantine_reason text,
  add column quarantine_last_at timestamptz,
  add column quarantine_count integer not null default 0,
  add column quarantine_next_attempt_at timestamptz;
comment on column profile.accepted_run_id is 'The run whose plan was last let into the directory. A plan that was made while another one stood here is stale.';
comment on column profile.quarantine_reason is 'While in quarantine: the code of core/run/quarantine. quarantined_at is its first time, quarantine_last_at the last.';
comment on column profile.quarantine_count is 'How often the reason was met since quarantined_at.';
update profile set settings = (settings - 'alwaysAsk') || case when settings -> 'alwaysAsk' = 'true' then '{"applyPolicy": "alwaysAsk"}'::jsonb else '{}' end
 where settings ? 'alwaysAsk';
update profile p set accepted_run_id = (
  select r.id from run r where r.tenant_id = p.tenant_id and r.profile_id = p.id and r.state = 'completed'
   order by r.created_at desc limit 1);

alter table plan
  add column base_run_id uuid,
  add column base_pass integer,
  add column plan_hash text not null default '';
comment on column plan.base_run_id is 'profile.accepted_run_id when the plan was made.';
comment on column plan.base_pass is 'run.apply_pass of that run then: releasing what it held moves the profile on, too.';
comment on column plan.plan_hash is 'Hash over roster_hash, base_run_id and the counts: what an approval names, so that it can mean no other plan.';

create table plan_count (
  tenant_id      uuid not null,
  run_id         uuid not null,
  school_id      text not null default '',
  kind           text not null,
  action         text not null,
  item_count     integer not null,
  failed_count   integer not null,
  judged_count   integer not null,
  held_count     integer not null default 0,
  first_item_no  integer not null,
  last_item_no   integer not null,
  primary key (tenant_id, run_id, school_id, kind, action),
  foreign key (tenant_id, run_id) references run (tenant_id, id)
);
comment on table plan_count is 'A plan counted by school, kind and action: what a reviewer sees first, and what breakers judge.';
comment on column plan_count.school_id is 'Source id of the school; empty for what belongs to none (terms, courses).';
comment on column plan_count.judged_count is 'Those that breakers count: neither failed nor without consequence (a grade that goes up with the year).';
comment on column plan_count.first_item_no is 'With last_item_no the range in which these items are: keeps a page of one school cheap.';

create table plan_hold (
  tenant_id   uuid not null,
  run_id      uuid not null,
  scope       text not null,
  scope_id    text not null default '',
  reasons     jsonb not null,
  item_count  integer not null,
  decision    text,
  decided_by  text,
  decided_at  timestamptz,
  note        text,
  primary key (tenant_id, run_id, scope, scope_id),
  foreign key (tenant_id, run_id) references run (tenant_id, id),
  constraint plan_hold_scope_known check (scope in ('plan', 'school', 'absence', 'addsOnly')),
  constraint plan_hold_decision_known check (decision in ('approved', 'rejected'))
);
comment on table plan_hold is 'Parts of a plan that wait: the whole plan, one school, the endings of a file whose completeness is not proven, endings put off by an adds-only window.';
comment on column plan_hold.scope_id is 'school: source id; absence: file; else empty.';

create table plan_item_hold (
  tenant_id  uuid not null,
  run_id     uuid not null,
  item_no    integer not null,
  scope      text not null,
  scope_id   text not null,
  pass       integer not null default 0,
  primary key (tenant_id, run_id, item_no),
  foreign key (tenant_id, run_id) references run (tenant_id, id)
);
comment on table plan_item_hold is 'Items that pass 1 of apply leaves out. (A plan that is held as a whole has none: it is not applied at all.)';
comment on column plan_item_hold.pass is '0: waits, or was rejected. Otherwise the pass of apply it was released for.';

create table escrow (
  tenant_id        uuid not null,
  profile_id       uuid not null,
  key              uuid not null,
  kind             text not null,
  source_id        text,
  school_id        text,
  code             text not null,
  message          text not null,
  joining_value    text,
  file             text,
  line             integer,
  dependants       integer not null default 0,
  attempts         integer not null default 1,
  first_at         timestamptz not null default now(),
  last_at          timestamptz not null default now(),
  next_attempt_at  timestamptz,
  dropped_at       timestamptz,
  last_run_id      uuid not null,
  primary key (tenant_id, profile_id, key),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id)
);
create index escrow_due on escrow (tenant_id, next_attempt_at) where next_attempt_at is not null;
comment on table escrow is 'Records that could not be written. Each is retried with growing distance, whatever else the profile does, and dropped after 28 days.';
comment on column escrow.dependants is 'Records that wait for this one; they are not counted as errors of their own.';
comment on column escrow.next_attempt_at is 'Null once it was dropped: then only a new upload tries it again.';

create table profile_schedule (
  tenant_id      uuid not null,
  profile_id     uuid not null,
  cron           text,
  cron_due_at    timestamptz,
  folder_seen    text,
  folder_seen_at timestamptz,
  folder_taken   text,
  folder_note    text,
  expired_on     date,
  primary key (tenant_id, profile_id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id)
);
comment on table profile_schedule is 'How far the scheduler is with a profile. What is wanted stands in profile.settings.';
comment on column profile_schedule.cron is 'The cron line and time zone that cron_due_at was made from: another one in the settings makes it anew.';
comment on column profile_schedule.folder_seen is 'Fingerprint of the watched folder as it was at folder_seen_at: files are taken once it stays the same.';
comment on column profile_schedule.folder_taken is 'Fingerprint that was uploaded last; the same files are not taken twice.';
comment on column profile_schedule.folder_note is 'Why the folder is not taken right now, for people; null when nothing is in the way.';
comment on column profile_schedule.expired_on is 'The expiration date whose consequences were carried out.';

do $$
declare
  name text;
begin
  foreach name in array array['plan_count', 'plan_hold', 'plan_item_hold', 'escrow', 'profile_schedule'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I to rollbook_app using (tenant_id = (select current_tenant()))', name);
    execute format('create policy owner on %I to rollbook_owner using (true)', name);
    execute format('grant select, insert, update, delete on %I to rollbook_app', name);
  end loop;
  -- Planning reads the directory and cannot write it: a transaction that says it plans is refused every row.
  foreach name in array array['link', 'org', 'academic_session', 'course', 'class', 'person', 'demographics', 'account', 'role',
    'enrollment', 'contact_relationship', 'tenant_counter'] loop
    execute format('create policy planning_inserts_nothing on %I as restrictive for insert to rollbook_app
      with check ((select current_setting(''rollbook.planning'', true)) is distinct from ''on'')', name);
    execute format('create policy planning_updates_nothing on %I as restrictive for update to rollbook_app
      using (true) with check ((select current_setting(''rollbook.planning'', true)) is distinct from ''on'')', name);
    execute format('create policy planning_deletes_nothing on %I as restrictive for delete to rollbook_app
      using ((select current_setting(''rollbook.planning'', true)) is distinct from ''on'')', name);
  end loop;
end $$;
