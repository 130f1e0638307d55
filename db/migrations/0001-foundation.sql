-- 0001 foundation. Frozen once released: a migration is history, later ones change what it made.
--
-- Runs as rollbook_owner, inside one transaction, in the schema rollbook. Two roles:
--   rollbook_owner  owns everything and migrates; its policies let it see all tenants (backup, housekeeping).
--   rollbook_app    serves every request and every run; sees the rows of current_tenant() and no others.
-- The tenant stands first in every primary, unique and foreign key, so that the tables can be spread by it.

create function current_tenant() returns uuid
  language sql stable parallel safe
  return nullif(current_setting('rollbook.tenant_id', true), '')::uuid;
comment on function current_tenant() is 'The tenant of this transaction: set local rollbook.tenant_id. Null means: no row is visible.';

-- ---------------------------------------------------------------- tenants and access

create table tenant (
  id          uuid primary key,
  name        text not null,
  time_zone   text not null default 'UTC',
  created_at  timestamptz not null default now()
);
comment on table tenant is 'A school authority: a district, a trust, a ministry. Nothing is shared between tenants.';
comment on column tenant.time_zone is 'IANA name; decides what "today" is for expiration and schedules.';

create table tenant_counter (
  tenant_id   uuid primary key references tenant (id),
  change_seq  bigint not null default 0
);
comment on table tenant_counter is 'The last change_seq given out. Its row lock is held until commit, so commit order is seq order, without gaps.';

create table tenant_secret (
  tenant_id   uuid primary key references tenant (id),
  hash_key    bytea not null
);
comment on table tenant_secret is 'Keys of the keyed record hashes, encrypted under SECRET_KEY.';

create table application (
  tenant_id     uuid not null references tenant (id),
  id            uuid not null,
  display_name  text not null,
  permissions   text[] not null,
  created_at    timestamptz not null default now(),
  revoked_at    timestamptz,
  primary key (tenant_id, id)
);
comment on table application is 'A client of the API (client credentials). id is the clientId; permissions are Graph application permissions.';

create table application_secret (
  tenant_id       uuid not null,
  application_id  uuid not null,
  id              uuid not null,
  secret_hash     text not null,
  created_at      timestamptz not null default now(),
  expires_at      timestamptz,
  primary key (tenant_id, application_id, id),
  foreign key (tenant_id, application_id) references application (tenant_id, id) on delete cascade
);
comment on column application_secret.secret_hash is 'A salted slow hash; the secret itself is shown once and kept nowhere.';

create table signing_key (
  kid          text primary key,
  public_jwk   jsonb not null,
  private_jwk  bytea not null,
  created_at   timestamptz not null default now(),
  retired_at   timestamptz
);
comment on table signing_key is 'Keys of the built-in token issuer, for all tenants. private_jwk is encrypted under SECRET_KEY.';

-- ---------------------------------------------------------------- profiles, uploads, runs

create table source_system (
  tenant_id   uuid not null references tenant (id),
  id          uuid not null,
  name        text not null,
  priority    integer not null default 100,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id)
);
comment on table source_system is 'Where source ids are unique. Each profile has its own; a profile made again after a deletion may adopt the old one.';
comment on column source_system.priority is 'Smaller wins when several links point at one person; equal priority: the older link.';

create table profile (
  tenant_id                            uuid not null references tenant (id),
  id                                   uuid not null,
  source_system_id                     uuid not null,
  display_name                         text not null,
  data_provider                        jsonb not null,
  identity_configuration               jsonb not null,
  licenses_to_assign                   jsonb,
  handle_special_character_constraint  boolean,
  expiration_date                      date,
  settings                             jsonb not null default '{}',
  secrets                              bytea,
  state                                text not null default 'provisioning',
  state_message                        text,
  reset_at                             timestamptz,
  paused_at                            timestamptz,
  paused_because                       text,
  quarantined_at                       timestamptz,
  broken_runs                          integer not null default 0,
  last_synchronization_at              timestamptz,
  last_activity_at                     timestamptz,
  created_at                           timestamptz not null default now(),
  updated_at                           timestamptz not null default now(),
  deleted_at                           timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, source_system_id) references source_system (tenant_id, id),
  constraint profile_state_known check (state in
    ('provisioning', 'provisioned', 'provisioningFailed', 'deleting', 'deletionFailed', 'deleted'))
);
create index profile_source_system on profile (tenant_id, source_system_id);
comment on table profile is 'A synchronization profile. A deleted one stays as a tombstone, for the history of its runs and the adoption of its links.';
comment on column profile.settings is 'What Graph has no property for: tolerance, user name linking, thresholds (see core/run/profile-settings).';
comment on column profile.secrets is 'Connection secrets of the data provider, encrypted; never echoed.';
comment on column profile.state_message is 'Why the state is provisioningFailed or deletionFailed; null otherwise.';
comment on column profile.reset_at is 'The last reset: runs made before it no longer count for the status, and the next one compares everything with the directory.';
comment on column profile.broken_runs is 'Runs broken in a row; five put the profile into quarantine; zero after a run that succeeded.';

create table profile_event (
  tenant_id   uuid not null,
  profile_id  uuid not null,
  id          uuid not null,
  at          timestamptz not null default now(),
  event       text not null,
  state       text not null,
  actor       text not null,
  detail      jsonb,
  primary key (tenant_id, profile_id, id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id)
);
comment on table profile_event is 'Append-only: what happened to a profile, by whom.';

create table upload (
  tenant_id    uuid not null,
  id           uuid not null,
  profile_id   uuid not null,
  state        text not null default 'open',
  wrapped_key  bytea,
  created_at   timestamptz not null default now(),
  sealed_at    timestamptz,
  erased_at    timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id),
  constraint upload_state_known check (state in ('open', 'sealing', 'sealed', 'erased'))
);
create unique index upload_one_open on upload (tenant_id, profile_id) where state in ('open', 'sealing');
create index upload_profile on upload (tenant_id, profile_id, created_at);
comment on table upload is 'The files of one drop. Open: it takes files. Sealed: a start has taken it, its bytes never change again.';
comment on column upload.wrapped_key is 'The key its files are encrypted with, itself encrypted under SECRET_KEY. Null: erased, the bytes are noise.';

create table upload_file (
  tenant_id     uuid not null,
  upload_id     uuid not null,
  name          text not null,
  object_name   text not null,
  size_bytes    bigint not null,
  sha256        bytea not null,
  md5           bytea,
  blocks        jsonb,
  committed_at  timestamptz not null default now(),
  primary key (tenant_id, upload_id, name),
  foreign key (tenant_id, upload_id) references upload (tenant_id, id) on delete cascade
);
create unique index upload_file_name on upload_file (tenant_id, upload_id, lower(name));
comment on column upload_file.object_name is 'Where files/ keeps the encrypted bytes; made by Rollbook, never from the name that was sent.';
comment on column upload_file.sha256 is 'Of the plain bytes.';
comment on column upload_file.blocks is 'The blocks it was put together from, in order: [{"id", "sizeBytes"}, ...]; a later Put Block List may name them. Null: sent whole.';

create table upload_block (
  tenant_id    uuid not null,
  upload_id    uuid not null,
  name         text not null,
  block_id     text not null,
  object_name  text not null,
  size_bytes   bigint not null,
  created_at   timestamptz not null default now(),
  primary key (tenant_id, upload_id, name, block_id),
  foreign key (tenant_id, upload_id) references upload (tenant_id, id) on delete cascade
);
comment on table upload_block is 'Blocks sent (Put Block) and not yet named by a Put Block List.';

create table run (
  tenant_id          uuid not null,
  id                 uuid not null,
  profile_id         uuid not null,
  upload_id          uuid,
  state              text not null default 'queued',
  attempt            integer not null default 1,
  epoch              integer not null default 0,
  lease_owner        text,
  lease_expires_at   timestamptz,
  next_attempt_at    timestamptz,
  requested_by       text not null,
  tolerance_waived   boolean not null default false,
  verdict_accepted   boolean not null default false,
  confirmed_files    text[] not null default '{}',
  cancel_requested   boolean not null default false,
  accepted_by        text,
  accepted_at        timestamptz,
  planned_at         timestamptz,
  applied_item_no    integer not null default 0,
  progress           jsonb,
  counts             jsonb,
  message            text,
  error_code         text,
  created_at         timestamptz not null default now(),
  started_at         timestamptz,
  staged_at          timestamptz,
  finished_at        timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id),
  foreign key (tenant_id, upload_id) references upload (tenant_id, id),
  constraint run_state_known check (state in
    ('queued', 'staging', 'planning', 'held', 'applying', 'suspended', 'broken', 'completed', 'superseded', 'cancelled'))
);
create index run_profile on run (tenant_id, profile_id, created_at);
create unique index run_one_queued on run (tenant_id, profile_id) where state = 'queued';
create unique index run_one_executing on run (tenant_id, profile_id) where state in ('staging', 'planning', 'applying');
comment on table run is 'One pass of a profile, and the truth about it: whoever holds lease and epoch may write, nobody else.';
comment on column run.epoch is 'Rises with every claim; each batch commit checks it, so a worker that lost its lease can write nothing.';
comment on column run.confirmed_files is 'Files that may be missing or without rows in this run although they had rows: confirmed one by one on resume.';
comment on column run.cancel_requested is 'Reset or delete of the profile while a worker executes: it stops between two batches.';
comment on column run.applied_item_no is 'Plan items up to this number are in the directory, or stand in plan_item_failure.';
comment on column run.planned_at is 'When the plan was complete. Null: what is staged is thrown away and made again from the sealed upload.';

create table run_event (
  tenant_id  uuid not null,
  run_id     uuid not null,
  id         uuid not null,
  at         timestamptz not null default now(),
  event      text not null,
  state      text not null,
  actor      text not null,
  detail     jsonb,
  primary key (tenant_id, run_id, id),
  foreign key (tenant_id, run_id) references run (tenant_id, id)
);
comment on table run_event is 'Append-only: the timeline of a run.';

create table plan (
  tenant_id    uuid not null,
  run_id       uuid not null,
  roster_hash  text not null,
  item_count   integer not null,
  counts       jsonb not null,
  verdict      jsonb not null,
  created_at   timestamptz not null default now(),
  primary key (tenant_id, run_id),
  foreign key (tenant_id, run_id) references run (tenant_id, id)
);
comment on table plan is 'What a run would change, counted, and the verdict over it. Its items are plan_item rows.';
comment on column plan.roster_hash is 'Hash of the files it was made from.';

create table finding_count (
  tenant_id  uuid not null,
  run_id     uuid not null,
  file       text not null,
  code       text not null,
  field      text not null default '',
  severity   text not null,
  row_count  integer not null,
  primary key (tenant_id, run_id, file, code, field),
  foreign key (tenant_id, run_id) references run (tenant_id, id),
  constraint finding_severity_known check (severity in ('fatal', 'error', 'warning', 'information'))
);
comment on table finding_count is 'Exact counts, whatever number of single findings is stored.';

create table record_error (
  tenant_id              uuid not null,
  profile_id             uuid not null,
  id                     uuid not null,
  run_id                 uuid not null,
  entry_type             text not null,
  error_code             text not null,
  error_message          text not null,
  joining_value          text,
  reportable_identifier  text,
  file                   text,
  line                   integer,
  recorded_at            timestamptz not null default now(),
  primary key (tenant_id, profile_id, id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id)
);
create index record_error_recorded on record_error (tenant_id, profile_id, recorded_at, id);
comment on table record_error is 'The open errors of a profile: records its last roster dropped, and records that could not be written. Graph serves them as errors.';

-- Plan items and findings are written by COPY, which row-level security does not allow. So the app role may only
-- insert into the base tables, never naming the tenant (the column default takes it from the transaction), and it
-- reads, changes and removes rows only through views that show one tenant.

create table bulk.plan_item (
  tenant_id     uuid not null default rollbook.current_tenant(),
  run_id        uuid not null,
  item_no       integer not null,
  kind          text not null,
  action        text not null,
  reason        text not null,
  key           uuid not null,
  content       bigint,
  source_id     text,
  school_id     text,
  first_key     uuid,
  second_key    uuid,
  third_key     uuid,
  object_id     uuid,
  base_version  integer,
  after         jsonb,
  before        jsonb,
  secret        bytea,
  file          text,
  line          integer,
  primary key (tenant_id, run_id, item_no)
) partition by range (run_id);
comment on table bulk.plan_item is 'What a run changes, record by record: the plan while it waits, the history once it is applied. Partitioned by month through the time inside run_id.';
comment on column bulk.plan_item.item_no is 'Order of apply, from 1: orgs before classes before people before roles before enrollments; endings in reverse at the end.';
comment on column bulk.plan_item.key is 'Keyed 128-bit hash of kind and source id: the key of the link, role or enrollment.';
comment on column bulk.plan_item.content is 'Keyed 64-bit hash of the record as read, with the fingerprint of the profile settings.';
comment on column bulk.plan_item.first_key is 'What the record points at: role: person; enrollment: class; class: org.';
comment on column bulk.plan_item.second_key is 'Role: org; enrollment: person; class: course.';
comment on column bulk.plan_item.third_key is 'Class: academic session.';
comment on column bulk.plan_item.secret is 'Initial password, encrypted under SECRET_KEY; no preview shows it.';

create table bulk.finding (
  tenant_id   uuid not null default rollbook.current_tenant(),
  run_id      uuid not null,
  finding_no  integer not null,
  severity    text not null,
  code        text not null,
  file        text not null,
  line        integer,
  field       text,
  value       text,
  kind        text,
  source_id   text,
  message     text not null,
  primary key (tenant_id, run_id, finding_no)
) partition by range (run_id);
comment on table bulk.finding is 'What is wrong with somebody''s data, one row each, up to a limit per run; finding_count has the exact numbers.';

create table plan_item_failure (
  tenant_id      uuid not null,
  run_id         uuid not null,
  item_no        integer not null,
  code           text not null,
  message        text not null,
  because_of     integer,
  joining_value  text,
  at             timestamptz not null default now(),
  primary key (tenant_id, run_id, item_no),
  foreign key (tenant_id, run_id) references run (tenant_id, id)
);
comment on table plan_item_failure is 'Items that were not applied, and why. All other items up to run.applied_item_no were.';
comment on column plan_item_failure.because_of is 'Not null: it waits for another record; it is not counted as an error of its own.';

create function month_floor_uuid(month date) returns uuid language sql immutable
  return (lpad(to_hex((extract(epoch from month::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

create function ensure_partitions(at timestamptz) returns void
  language plpgsql security definer set search_path = rollbook, bulk, pg_temp as $$
declare
  base text;
  month date;
  part text;
  low uuid;
  high uuid;
begin
  perform pg_advisory_xact_lock(hashtext('rollbook.ensure_partitions'));
  foreach base in array array['plan_item', 'finding'] loop
    for step in 0..1 loop
      month := (date_trunc('month', at at time zone 'UTC') + make_interval(months => step))::date;
      part := base || to_char(month, '_YYYY_MM');
      continue when to_regclass(format('bulk.%I', part)) is not null;
      low := month_floor_uuid(month);
      high := month_floor_uuid((month + interval '1 month')::date);
      -- Made apart and attached, since that waits for nobody's COPY. What came before its month had a partition is moved in.
      execute format('create table bulk.%I (like bulk.%I including all)', part, base);
      execute format('with moved as (delete from bulk.%I where run_id >= %L and run_id < %L returning *) insert into bulk.%I select * from moved',
        base || '_rest', low, high, part);
      execute format('alter table bulk.%I attach partition bulk.%I for values from (%L) to (%L)', base, part, low, high);
    end loop;
  end loop;
end $$;
comment on function ensure_partitions(timestamptz) is 'Makes the partitions of that month and the next. Called at start and once a day.';

create table bulk.plan_item_rest partition of bulk.plan_item default;
create table bulk.finding_rest partition of bulk.finding default;

create view plan_item with (security_barrier) as
  select * from bulk.plan_item where tenant_id = (select current_tenant()) with cascaded check option;
create view finding with (security_barrier) as
  select * from bulk.finding where tenant_id = (select current_tenant()) with cascaded check option;

-- ---------------------------------------------------------------- the directory

create table link (
  tenant_id         uuid not null,
  source_system_id  uuid not null,
  kind              text not null,
  source_id         text not null,
  key               uuid not null,
  content           bigint not null,
  object_id         uuid not null,
  attributes        jsonb not null,
  active            boolean not null default true,
  first_run_id      uuid,
  last_run_id       uuid,
  created_at        timestamptz not null default now(),
  primary key (tenant_id, source_system_id, kind, source_id),
  unique (tenant_id, source_system_id, key),
  foreign key (tenant_id, source_system_id) references source_system (tenant_id, id),
  constraint link_kind_known check (kind in ('org', 'academicSession', 'course', 'class', 'student', 'teacher'))
);
create index link_object on link (tenant_id, object_id);
comment on table link is 'Joins a source key to a directory object. Kept for ever, so that what comes back is known again.';
comment on column link.attributes is 'The record as this source last gave it: decides which properties the source changed, and what the next owner supplies.';
comment on column link.content is 'Content hash of the record last applied; the snapshot is rebuilt from key and content.';

create table org (
  tenant_id        uuid not null references tenant (id),
  id               uuid not null,
  type             text not null default 'school',
  parent_id        uuid,
  display_name     text not null,
  description      text,
  external_id      text,
  external_source  text not null default 'sis',
  school_number    text,
  lowest_grade     text,
  highest_grade    text,
  principal_external_id text,
  principal_name   text,
  principal_email  text,
  phone            text,
  fax              text,
  street           text,
  city             text,
  state            text,
  country          text,
  postal_code      text,
  attributes       jsonb not null default '{}',
  active           boolean not null default true,
  version          integer not null default 1,
  change_seq       bigint not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, parent_id) references org (tenant_id, id)
);
create index org_change_seq on org (tenant_id, change_seq);
comment on table org is 'A school or another node of the organization tree. Graph: educationSchool; OneRoster: org.';

create table academic_session (
  tenant_id        uuid not null references tenant (id),
  id               uuid not null,
  type             text not null default 'term',
  parent_id        uuid,
  display_name     text not null,
  external_id      text,
  external_source  text not null default 'sis',
  start_date       date,
  end_date         date,
  school_year      text,
  active           boolean not null default true,
  version          integer not null default 1,
  change_seq       bigint not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, parent_id) references academic_session (tenant_id, id)
);
create index academic_session_change_seq on academic_session (tenant_id, change_seq);
comment on table academic_session is 'A term or another span of the school year. Graph: educationTerm inside a class; OneRoster: academicSession.';

create table course (
  tenant_id        uuid not null references tenant (id),
  id               uuid not null,
  display_name     text not null,
  description      text,
  course_number    text,
  subject          text,
  external_id      text,
  external_source  text not null default 'sis',
  active           boolean not null default true,
  version          integer not null default 1,
  change_seq       bigint not null,
  primary key (tenant_id, id)
);
create index course_change_seq on course (tenant_id, change_seq);
comment on table course is 'What is taught; a class is one group taught it. Graph: educationCourse inside a class; OneRoster: course.';

create table class (
  tenant_id            uuid not null references tenant (id),
  id                   uuid not null,
  org_id               uuid,
  course_id            uuid,
  academic_session_id  uuid,
  display_name         text not null,
  description          text,
  class_code           text,
  grade                text,
  mail_nickname        text not null,
  external_id          text,
  external_name        text,
  external_source      text not null default 'sis',
  attributes           jsonb not null default '{}',
  active               boolean not null default true,
  version              integer not null default 1,
  change_seq           bigint not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, org_id) references org (tenant_id, id),
  foreign key (tenant_id, course_id) references course (tenant_id, id),
  foreign key (tenant_id, academic_session_id) references academic_session (tenant_id, id)
);
create index class_org on class (tenant_id, org_id);
create index class_change_seq on class (tenant_id, change_seq);
comment on table class is 'A group that is taught together: the section of SDS, educationClass of Graph, class of OneRoster.';

create table person (
  tenant_id            uuid not null references tenant (id),
  id                   uuid not null,
  owner_link_key       uuid,
  owner_source_system_id uuid,
  primary_role         text not null default 'none',
  display_name         text not null,
  given_name           text,
  middle_name          text,
  surname              text,
  student_external_id  text,
  student_number       text,
  grade                text,
  graduation_year      text,
  teacher_external_id  text,
  teacher_number       text,
  external_source      text not null default 'sis',
  attributes           jsonb not null default '{}',
  active               boolean not null default true,
  version              integer not null default 1,
  change_seq           bigint not null,
  primary key (tenant_id, id),
  constraint person_role_known check (primary_role in ('student', 'teacher', 'faculty', 'none'))
);
create index person_change_seq on person (tenant_id, change_seq);
comment on table person is 'A pupil, a teacher, a contact. The id is the id of Graph''s educationUser.';
comment on column person.owner_link_key is 'The link whose source supplies the attributes; null for people made by hand.';

create table demographics (
  tenant_id   uuid not null,
  person_id   uuid not null,
  birth_date  date,
  sex         text,
  attributes  jsonb not null default '{}',
  version     integer not null default 1,
  change_seq  bigint not null,
  primary key (tenant_id, person_id),
  foreign key (tenant_id, person_id) references person (tenant_id, id)
);
comment on table demographics is 'What needs more protection than a name: apart from person, one row each.';

create table account (
  tenant_id         uuid not null,
  id                uuid not null,
  person_id         uuid not null,
  target_id         integer not null default 0,
  user_name         text not null,
  mail              text,
  mail_nickname     text,
  employee_id       text,
  enabled           boolean not null default true,
  usage_location    text,
  licenses          text[] not null default '{}',
  initial_password  bytea,
  version           integer not null default 1,
  change_seq        bigint not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id)
);
create unique index account_user_name on account (tenant_id, target_id, lower(user_name));
create unique index account_person on account (tenant_id, person_id, target_id);
comment on table account is 'What a person signs in with, in one target; the built-in directory is target 0. user_name is Graph''s userPrincipalName.';
comment on column account.initial_password is 'Encrypted under SECRET_KEY (AES-GCM); never echoed.';

create table role (
  tenant_id         uuid not null,
  source_system_id  uuid not null,
  key               uuid not null,
  content           bigint not null,
  person_id         uuid not null,
  org_id            uuid not null,
  role              text not null,
  grade             text,
  is_primary        boolean,
  start_date        date,
  end_date          date,
  active            boolean not null default true,
  version           integer not null default 1,
  change_seq        bigint not null,
  primary key (tenant_id, source_system_id, key),
  foreign key (tenant_id, source_system_id) references source_system (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, org_id) references org (tenant_id, id)
);
create index role_person on role (tenant_id, person_id);
create index role_org on role (tenant_id, org_id);
create index role_change_seq on role (tenant_id, change_seq);
comment on table role is 'A person''s role in an org, as one source states it.';

create table enrollment (
  tenant_id         uuid not null,
  source_system_id  uuid not null,
  key               uuid not null,
  content           bigint not null,
  class_id          uuid not null,
  person_id         uuid not null,
  role              text not null,
  is_primary        boolean,
  begin_date        date,
  end_date          date,
  active            boolean not null default true,
  version           integer not null default 1,
  change_seq        bigint not null,
  primary key (tenant_id, source_system_id, key),
  foreign key (tenant_id, source_system_id) references source_system (tenant_id, id),
  foreign key (tenant_id, class_id) references class (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  constraint enrollment_role_known check (role in ('student', 'teacher'))
);
create index enrollment_class on enrollment (tenant_id, class_id);
create index enrollment_person on enrollment (tenant_id, person_id);
create index enrollment_change_seq on enrollment (tenant_id, change_seq);
comment on table enrollment is 'A person''s place in a class, as one source states it. Ended ones stay, inactive.';

create table contact_relationship (
  tenant_id          uuid not null,
  id                 uuid not null,
  person_id          uuid not null,
  contact_person_id  uuid,
  relationship       text not null,
  display_name       text not null,
  email_address      text,
  mobile_phone       text,
  active             boolean not null default true,
  version            integer not null default 1,
  change_seq         bigint not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, person_id) references person (tenant_id, id),
  foreign key (tenant_id, contact_person_id) references person (tenant_id, id)
);
create index contact_relationship_person on contact_relationship (tenant_id, person_id);
comment on table contact_relationship is 'A contact of a pupil: parent, guardian, doctor. Graph: relatedContact.';

create table snapshot_state (
  tenant_id         uuid not null,
  source_system_id  uuid not null,
  generation        bigint not null default 0,
  primary key (tenant_id, source_system_id),
  foreign key (tenant_id, source_system_id) references source_system (tenant_id, id)
);
comment on table snapshot_state is 'Changes with every batch that touches records of this source system, to a number drawn by lot: a snapshot file of another generation is stale and rebuilt.';

-- ---------------------------------------------------------------- who may see what

do $$
declare
  name text;
begin
  foreach name in array array[
    'tenant_counter', 'tenant_secret', 'application', 'application_secret', 'source_system', 'profile', 'profile_event', 'upload',
    'upload_file', 'upload_block', 'run', 'run_event', 'plan', 'finding_count', 'record_error', 'plan_item_failure', 'link',
    'org', 'academic_session', 'course', 'class', 'person', 'demographics', 'account', 'role', 'enrollment',
    'contact_relationship', 'snapshot_state'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I to rollbook_app using (tenant_id = (select current_tenant()))', name);
    execute format('create policy owner on %I to rollbook_owner using (true)', name);
    execute format('grant select, insert, update, delete on %I to rollbook_app', name);
  end loop;
end $$;

alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant on tenant to rollbook_app using (id = (select current_tenant()));
create policy owner on tenant to rollbook_owner using (true);
grant select on tenant to rollbook_app;

grant select on signing_key to rollbook_app;
grant select, update, delete on plan_item, finding to rollbook_app;
grant insert (run_id, item_no, kind, action, reason, key, content, source_id, school_id, first_key, second_key, third_key,
  object_id, base_version, after, before, secret, file, line) on bulk.plan_item to rollbook_app;
grant insert (run_id, finding_no, severity, code, file, line, field, value, kind, source_id, message) on bulk.finding to rollbook_app;
grant usage on schema rollbook, bulk to rollbook_app;
grant execute on function current_tenant() to rollbook_app;
grant execute on function ensure_partitions(timestamptz) to rollbook_app;
revoke update, delete on profile_event, run_event from rollbook_app;
