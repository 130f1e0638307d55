-- Written by scripts/schema.ts from a migrated database; see db/migrations for how it came to be. Do not edit.

create table bulk.finding (
  tenant_id uuid default current_tenant() not null,
  run_id uuid not null,
  finding_no integer not null,
  severity text not null,
  code text not null,
  file text not null,
  line integer,
  field text,
  value text,
  kind text,
  source_id text,
  message text not null,
  constraint finding_pkey PRIMARY KEY (tenant_id, run_id, finding_no)
) partition by RANGE (run_id);
grant insert (run_id, finding_no, severity, code, file, line, field, value, kind, source_id, message) on bulk.finding to rollbook_app;
comment on table bulk.finding is 'What is wrong with somebody''s data, one row each, up to a limit per run; finding_count has the exact numbers.';

create table bulk.finding_rest partition of bulk.finding DEFAULT;

create table bulk.plan_item (
  tenant_id uuid default current_tenant() not null,
  run_id uuid not null,
  item_no integer not null,
  kind text not null,
  action text not null,
  reason text not null,
  key uuid not null,
  content bigint,
  source_id text,
  school_id text,
  first_key uuid,
  second_key uuid,
  third_key uuid,
  object_id uuid,
  base_version integer,
  after jsonb,
  before jsonb,
  secret bytea,
  file text,
  line integer,
  constraint plan_item_pkey PRIMARY KEY (tenant_id, run_id, item_no)
) partition by RANGE (run_id);
grant insert (run_id, item_no, kind, action, reason, key, content, source_id, school_id, first_key, second_key, third_key, object_id, base_version, after, before, secret, file, line) on bulk.plan_item to rollbook_app;
comment on table bulk.plan_item is 'What a run changes, record by record: the plan while it waits, the history once it is applied. Partitioned by month through the time inside run_id.';
comment on column bulk.plan_item.item_no is 'Order of apply, from 1: orgs before classes before people before roles before enrollments; endings in reverse at the end.';
comment on column bulk.plan_item.key is 'Keyed 128-bit hash of kind and source id: the key of the link, role or enrollment.';
comment on column bulk.plan_item.content is 'Keyed 64-bit hash of the record as read, with the fingerprint of the profile settings.';
comment on column bulk.plan_item.first_key is 'What the record points at: role: person; enrollment: class; class: org.';
comment on column bulk.plan_item.second_key is 'Role: org; enrollment: person; class: course.';
comment on column bulk.plan_item.third_key is 'Class: academic session.';
comment on column bulk.plan_item.secret is 'Initial password, encrypted under SECRET_KEY; no preview shows it.';

create table bulk.plan_item_rest partition of bulk.plan_item DEFAULT;

create table rollbook.academic_session (
  tenant_id uuid not null,
  id uuid not null,
  type text default 'term'::text not null,
  parent_id uuid,
  display_name text,
  external_id text,
  external_source text default 'sis'::text not null,
  start_date date,
  end_date date,
  school_year text,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  copy_of uuid,
  constraint academic_session_pkey PRIMARY KEY (tenant_id, id),
  constraint academic_session_tenant_id_copy_of_fkey FOREIGN KEY (tenant_id, copy_of) REFERENCES academic_session(tenant_id, id),
  constraint academic_session_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint academic_session_tenant_id_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES academic_session(tenant_id, id)
);
CREATE INDEX academic_session_copy_of ON rollbook.academic_session USING btree (tenant_id, copy_of) WHERE (copy_of IS NOT NULL);
alter table rollbook.academic_session enable row level security;
alter table rollbook.academic_session force row level security;
create policy owner on rollbook.academic_session for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.academic_session as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.academic_session as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.academic_session as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.academic_session for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.academic_session to rollbook_app;
comment on table rollbook.academic_session is 'A term or another span of the school year. Graph: educationTerm inside a class; OneRoster: academicSession.';
comment on column rollbook.academic_session.display_name is 'Null only for terms made by hand (external_source manual): each belongs to one class.';
comment on column rollbook.academic_session.copy_of is 'One class had its term edited by hand and has this copy; what the source changes in the term named here is changed in the copy, too.';

create table rollbook.account (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  target_id integer default 0 not null,
  user_name text not null,
  mail text,
  mail_nickname text,
  employee_id text,
  enabled boolean default true not null,
  usage_location text,
  licenses text[] default '{}'::text[] not null,
  initial_password bytea,
  version integer default 1 not null,
  change_seq bigint not null,
  initial_password_export uuid,
  initial_password_handed_at timestamp with time zone,
  user_name_key text generated always as (lower(user_name)) stored,
  extension_attributes jsonb default '{}'::jsonb not null,
  constraint account_pkey PRIMARY KEY (tenant_id, id),
  constraint account_tenant_id_person_id_fkey FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id)
);
CREATE INDEX account_password_export ON rollbook.account USING btree (tenant_id, initial_password_export) WHERE ((initial_password_export IS NOT NULL) AND (initial_password_handed_at IS NULL));
CREATE INDEX account_password_not_handed ON rollbook.account USING btree (tenant_id, id) WHERE ((initial_password IS NOT NULL) AND (initial_password_handed_at IS NULL));
CREATE UNIQUE INDEX account_person ON rollbook.account USING btree (tenant_id, person_id, target_id);
CREATE UNIQUE INDEX account_user_name ON rollbook.account USING btree (tenant_id, lower(user_name), target_id);
CREATE INDEX account_user_name_key ON rollbook.account USING btree (tenant_id, user_name_key) WHERE (target_id = 0);
alter table rollbook.account enable row level security;
alter table rollbook.account force row level security;
create policy owner on rollbook.account for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.account as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.account as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.account as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.account for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.account to rollbook_app;
comment on table rollbook.account is 'What a person signs in with, in one target; the built-in directory is target 0. user_name is Graph''s userPrincipalName.';
comment on column rollbook.account.initial_password is 'Encrypted under SECRET_KEY (AES-GCM); never echoed.';
comment on column rollbook.account.initial_password_export is 'The export that read the initial password last; confirming it hands the password out.';
comment on column rollbook.account.initial_password_handed_at is 'When the initial password was handed to an administrator; it is shown to nobody after that.';
comment on column rollbook.account.user_name_key is 'lower(user_name)';
comment on column rollbook.account.extension_attributes is 'extensionAttribute1 to extensionAttribute15 (Graph: onPremisesExtensionAttributes), those that have a value.';

create table rollbook.active_count (
  tenant_id uuid not null,
  source_system_id uuid not null,
  org_id uuid not null,
  kind text not null,
  active integer not null,
  constraint active_count_pkey PRIMARY KEY (tenant_id, source_system_id, org_id, kind),
  constraint active_count_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
alter table rollbook.active_count enable row level security;
alter table rollbook.active_count force row level security;
create policy owner on rollbook.active_count for all to rollbook_owner using (true);
create policy tenant on rollbook.active_count for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.active_count to rollbook_app;
comment on table rollbook.active_count is 'How many roles and enrollments of a source are active in an org: what limits per school are measured by. Kept by triggers of the tables it counts.';
comment on column rollbook.active_count.kind is 'enrollment: places in classes of the org; else what role.role says: roles in the org.';

create table rollbook.application (
  tenant_id uuid not null,
  id uuid not null,
  display_name text not null,
  permissions text[] not null,
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  constraint application_pkey PRIMARY KEY (tenant_id, id),
  constraint application_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
alter table rollbook.application enable row level security;
alter table rollbook.application force row level security;
create policy owner on rollbook.application for all to rollbook_owner using (true);
create policy tenant on rollbook.application for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.application to rollbook_app;
comment on table rollbook.application is 'A client of the API (client credentials). id is the clientId; permissions are Graph application permissions.';

create table rollbook.application_event (
  tenant_id uuid not null,
  application_id uuid not null,
  id uuid not null,
  at timestamp with time zone default now() not null,
  event text not null,
  actor text not null,
  detail jsonb,
  constraint application_event_pkey PRIMARY KEY (tenant_id, application_id, id),
  constraint application_event_tenant_id_application_id_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application(tenant_id, id),
  constraint application_event_known CHECK ((event = ANY (ARRAY['created'::text, 'updated'::text, 'secretRotated'::text, 'revoked'::text])))
);
alter table rollbook.application_event enable row level security;
alter table rollbook.application_event force row level security;
create policy owner on rollbook.application_event for all to rollbook_owner using (true);
create policy tenant on rollbook.application_event for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select on rollbook.application_event to rollbook_app;
comment on table rollbook.application_event is 'Append-only: what happened to an application, by whom. Never a secret, nor its hash.';
comment on column rollbook.application_event.actor is 'Id of the application that asked for it, or a word for what Rollbook does by itself.';
comment on column rollbook.application_event.detail is 'created: name and permissions; updated: what they were and became; secretRotated: until when the secret before it is valid.';

create table rollbook.application_secret (
  tenant_id uuid not null,
  application_id uuid not null,
  id uuid not null,
  secret_hash text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone,
  constraint application_secret_pkey PRIMARY KEY (tenant_id, application_id, id),
  constraint application_secret_tenant_id_application_id_fkey FOREIGN KEY (tenant_id, application_id) REFERENCES application(tenant_id, id) ON DELETE CASCADE
);
alter table rollbook.application_secret enable row level security;
alter table rollbook.application_secret force row level security;
create policy owner on rollbook.application_secret for all to rollbook_owner using (true);
create policy tenant on rollbook.application_secret for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.application_secret to rollbook_app;
comment on column rollbook.application_secret.secret_hash is 'A salted slow hash; the secret itself is shown once and kept nowhere.';

create table rollbook.class (
  tenant_id uuid not null,
  id uuid not null,
  org_id uuid,
  course_id uuid,
  academic_session_id uuid,
  display_name text not null,
  description text,
  class_code text,
  grade text,
  mail_nickname text not null,
  external_id text,
  external_name text,
  external_source text default 'sis'::text not null,
  attributes jsonb default '{}'::jsonb not null,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  org_by_hand boolean default false not null,
  source_org_id uuid,
  constraint class_pkey PRIMARY KEY (tenant_id, id),
  constraint class_tenant_id_academic_session_id_fkey FOREIGN KEY (tenant_id, academic_session_id) REFERENCES academic_session(tenant_id, id),
  constraint class_tenant_id_course_id_fkey FOREIGN KEY (tenant_id, course_id) REFERENCES course(tenant_id, id),
  constraint class_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint class_tenant_id_org_id_fkey FOREIGN KEY (tenant_id, org_id) REFERENCES org(tenant_id, id),
  constraint class_tenant_id_source_org_id_fkey FOREIGN KEY (tenant_id, source_org_id) REFERENCES org(tenant_id, id)
);
CREATE INDEX class_academic_session ON rollbook.class USING btree (tenant_id, academic_session_id);
CREATE INDEX class_change_seq ON rollbook.class USING btree (tenant_id, change_seq);
CREATE INDEX class_course ON rollbook.class USING btree (tenant_id, course_id);
CREATE INDEX class_org ON rollbook.class USING btree (tenant_id, org_id);
alter table rollbook.class enable row level security;
alter table rollbook.class force row level security;
create policy owner on rollbook.class for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.class as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.class as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.class as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.class for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER class_memberships AFTER UPDATE OF active ON rollbook.class FOR EACH ROW WHEN ((new.active AND (NOT old.active))) EXECUTE FUNCTION show_memberships_of_class();
CREATE TRIGGER class_moved AFTER UPDATE OF org_id ON rollbook.class FOR EACH ROW WHEN ((old.org_id IS DISTINCT FROM new.org_id)) EXECUTE FUNCTION count_moved_enrollments();
grant insert, select, update on rollbook.class to rollbook_app;
comment on table rollbook.class is 'A group that is taught together: the section of SDS, educationClass of Graph, class of OneRoster.';
comment on column rollbook.class.org_by_hand is 'The school was set by hand; it stays until the source names another than source_org_id.';
comment on column rollbook.class.source_org_id is 'With org_by_hand: the school that the source named last. Null: none.';

create table rollbook.contact_relationship (
  tenant_id uuid not null,
  id uuid not null,
  person_id uuid not null,
  contact_person_id uuid,
  relationship text not null,
  display_name text not null,
  email_address text,
  mobile_phone text,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  constraint contact_relationship_pkey PRIMARY KEY (tenant_id, id),
  constraint contact_relationship_tenant_id_contact_person_id_fkey FOREIGN KEY (tenant_id, contact_person_id) REFERENCES person(tenant_id, id),
  constraint contact_relationship_tenant_id_person_id_fkey FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id)
);
CREATE INDEX contact_relationship_person ON rollbook.contact_relationship USING btree (tenant_id, person_id);
alter table rollbook.contact_relationship enable row level security;
alter table rollbook.contact_relationship force row level security;
create policy owner on rollbook.contact_relationship for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.contact_relationship as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.contact_relationship as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.contact_relationship as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.contact_relationship for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.contact_relationship to rollbook_app;
comment on table rollbook.contact_relationship is 'A contact of a pupil: parent, guardian, doctor. Graph: relatedContact.';

create table rollbook.course (
  tenant_id uuid not null,
  id uuid not null,
  display_name text,
  description text,
  course_number text,
  subject text,
  external_id text,
  external_source text default 'sis'::text not null,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  copy_of uuid,
  attributes jsonb default '{}'::jsonb not null,
  constraint course_pkey PRIMARY KEY (tenant_id, id),
  constraint course_tenant_id_copy_of_fkey FOREIGN KEY (tenant_id, copy_of) REFERENCES course(tenant_id, id),
  constraint course_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
CREATE INDEX course_copy_of ON rollbook.course USING btree (tenant_id, copy_of) WHERE (copy_of IS NOT NULL);
alter table rollbook.course enable row level security;
alter table rollbook.course force row level security;
create policy owner on rollbook.course for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.course as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.course as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.course as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.course for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.course to rollbook_app;
comment on table rollbook.course is 'What is taught; a class is one group taught it. Graph: educationCourse inside a class; OneRoster: course.';
comment on column rollbook.course.display_name is 'Null only for courses made by hand (external_source manual): each belongs to one class.';
comment on column rollbook.course.copy_of is 'One class had its course edited by hand and has this copy; what the source changes in the course named here is changed in the copy, too.';
comment on column rollbook.course.attributes is 'grade, org and schoolYear, as the source names them.';

create table rollbook.demographics (
  tenant_id uuid not null,
  person_id uuid not null,
  birth_date date,
  sex text,
  attributes jsonb default '{}'::jsonb not null,
  version integer default 1 not null,
  change_seq bigint not null,
  constraint demographics_pkey PRIMARY KEY (tenant_id, person_id),
  constraint demographics_tenant_id_person_id_fkey FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id)
);
alter table rollbook.demographics enable row level security;
alter table rollbook.demographics force row level security;
create policy owner on rollbook.demographics for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.demographics as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.demographics as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.demographics as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.demographics for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.demographics to rollbook_app;
comment on table rollbook.demographics is 'What needs more protection than a name: apart from person, one row each.';

create table rollbook.enrollment (
  tenant_id uuid not null,
  source_system_id uuid not null,
  key uuid not null,
  content bigint not null,
  class_id uuid not null,
  person_id uuid not null,
  role text not null,
  is_primary boolean,
  begin_date date,
  end_date date,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  removed_by_hand text,
  role_name text,
  ended_by_expiration uuid,
  constraint enrollment_pkey PRIMARY KEY (tenant_id, source_system_id, key),
  constraint enrollment_tenant_id_class_id_fkey FOREIGN KEY (tenant_id, class_id) REFERENCES class(tenant_id, id),
  constraint enrollment_tenant_id_person_id_fkey FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id),
  constraint enrollment_tenant_id_source_system_id_fkey FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system(tenant_id, id),
  constraint enrollment_removed_known CHECK (((removed_by_hand IS NULL) OR ((removed_by_hand = ANY (ARRAY['itself'::text, 'withObject'::text])) AND (NOT active)))),
  constraint enrollment_role_known CHECK ((role = ANY (ARRAY['student'::text, 'teacher'::text])))
);
CREATE INDEX enrollment_class ON rollbook.enrollment USING btree (tenant_id, class_id);
CREATE INDEX enrollment_ended_by_expiration ON rollbook.enrollment USING btree (tenant_id, ended_by_expiration) WHERE (ended_by_expiration IS NOT NULL);
CREATE INDEX enrollment_person ON rollbook.enrollment USING btree (tenant_id, person_id);
CREATE INDEX enrollment_removed_with_object ON rollbook.enrollment USING btree (tenant_id, person_id) WHERE (removed_by_hand = 'withObject'::text);
alter table rollbook.enrollment enable row level security;
alter table rollbook.enrollment force row level security;
create policy owner on rollbook.enrollment for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.enrollment as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.enrollment as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.enrollment as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.enrollment for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER enrollment_counted AFTER INSERT ON rollbook.enrollment REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_active_enrollments();
CREATE TRIGGER enrollment_counted_again AFTER UPDATE ON rollbook.enrollment REFERENCING OLD TABLE AS replaced NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_active_enrollments();
CREATE TRIGGER enrollment_inserted AFTER INSERT ON rollbook.enrollment REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION remember_membership_changes();
CREATE TRIGGER enrollment_updated AFTER UPDATE ON rollbook.enrollment REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION remember_membership_changes();
grant insert, select, update on rollbook.enrollment to rollbook_app;
comment on table rollbook.enrollment is 'A person''s place in a class, as one source states it. Ended ones stay, inactive.';
comment on column rollbook.enrollment.removed_by_hand is 'Not null: ended by hand, so inactive, while its source still states it. itself: it alone; withObject: its person or class was deleted, and it comes back with them.';
comment on column rollbook.enrollment.role_name is 'As the source calls it (aide, proctor, ...); null: as role says.';
comment on column rollbook.enrollment.ended_by_expiration is 'The run of the expiration that ended it. Null once it was put back, or left alone.';

create table rollbook.escrow (
  tenant_id uuid not null,
  profile_id uuid not null,
  key uuid not null,
  kind text not null,
  source_id text,
  school_id text,
  code text not null,
  message text not null,
  joining_value text,
  file text,
  line integer,
  dependants integer default 0 not null,
  attempts integer default 1 not null,
  first_at timestamp with time zone default now() not null,
  last_at timestamp with time zone default now() not null,
  next_attempt_at timestamp with time zone,
  dropped_at timestamp with time zone,
  last_run_id uuid not null,
  constraint escrow_pkey PRIMARY KEY (tenant_id, profile_id, key),
  constraint escrow_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id)
);
CREATE INDEX escrow_due ON rollbook.escrow USING btree (tenant_id, next_attempt_at) WHERE (next_attempt_at IS NOT NULL);
alter table rollbook.escrow enable row level security;
alter table rollbook.escrow force row level security;
create policy owner on rollbook.escrow for all to rollbook_owner using (true);
create policy tenant on rollbook.escrow for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.escrow to rollbook_app;
comment on table rollbook.escrow is 'Records that could not be written. Each is retried with growing distance, whatever else the profile does, and dropped after 28 days.';
comment on column rollbook.escrow.dependants is 'Records that wait for this one; they are not counted as errors of their own.';
comment on column rollbook.escrow.next_attempt_at is 'Null once it was dropped: then only a new upload tries it again.';

create table rollbook.finding_count (
  tenant_id uuid not null,
  run_id uuid not null,
  file text not null,
  code text not null,
  field text default ''::text not null,
  severity text not null,
  row_count integer not null,
  constraint finding_count_pkey PRIMARY KEY (tenant_id, run_id, file, code, field),
  constraint finding_count_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id),
  constraint finding_severity_known CHECK ((severity = ANY (ARRAY['fatal'::text, 'error'::text, 'warning'::text, 'information'::text])))
);
alter table rollbook.finding_count enable row level security;
alter table rollbook.finding_count force row level security;
create policy owner on rollbook.finding_count for all to rollbook_owner using (true);
create policy tenant on rollbook.finding_count for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.finding_count to rollbook_app;
comment on table rollbook.finding_count is 'Exact counts, whatever number of single findings is stored.';

create table rollbook.hand_edit (
  tenant_id uuid not null,
  id uuid not null,
  at timestamp with time zone default now() not null,
  change_seq bigint not null,
  application_id text not null,
  person text,
  kind text not null,
  action text not null,
  object_id uuid not null,
  other_id uuid,
  before jsonb,
  after jsonb,
  constraint hand_edit_pkey PRIMARY KEY (tenant_id, id),
  constraint hand_edit_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint hand_edit_action_known CHECK ((action = ANY (ARRAY['create'::text, 'update'::text, 'deactivate'::text, 'end'::text, 'reactivate'::text]))),
  constraint hand_edit_kind_known CHECK ((kind = ANY (ARRAY['org'::text, 'class'::text, 'person'::text, 'role'::text, 'enrollment'::text])))
);
CREATE INDEX hand_edit_object ON rollbook.hand_edit USING btree (tenant_id, object_id, id);
CREATE INDEX hand_edit_other ON rollbook.hand_edit USING btree (tenant_id, other_id, id) WHERE (other_id IS NOT NULL);
alter table rollbook.hand_edit enable row level security;
alter table rollbook.hand_edit force row level security;
create policy owner on rollbook.hand_edit for all to rollbook_owner using (true);
create policy tenant on rollbook.hand_edit for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select on rollbook.hand_edit to rollbook_app;
comment on table rollbook.hand_edit is 'Append-only: every edit by hand, written in its transaction. With the plan items it is the history of an object.';
comment on column rollbook.hand_edit.change_seq is 'That of the rows the edit wrote.';
comment on column rollbook.hand_edit.application_id is 'The application of the token.';
comment on column rollbook.hand_edit.person is 'The subject of the token when somebody was signed in; null for an application by itself.';
comment on column rollbook.hand_edit.object_id is 'The org, class or person; of a role or enrollment, the person.';
comment on column rollbook.hand_edit.other_id is 'Of a role the org, of an enrollment the class.';
comment on column rollbook.hand_edit.before is 'The properties that were changed, by their path in Graph, as they were. Passwords are never in it.';
comment on column rollbook.hand_edit.after is 'The same properties as they are now.';

create table rollbook.installation (
  one boolean default true not null,
  id uuid not null,
  created_at timestamp with time zone default now() not null,
  storage_searched_at timestamp with time zone,
  constraint installation_pkey PRIMARY KEY (one),
  constraint installation_one_check CHECK (one)
);
comment on table rollbook.installation is 'Which Rollbook this database belongs to: one row, made by the first process. Not in backups: what is restored elsewhere is another installation, and may stand beside the first one.';
comment on column rollbook.installation.id is 'Stands in the bucket or container for uploads, so that no other installation uses the same place.';
comment on column rollbook.installation.storage_searched_at is 'When a process last began to look for objects that no upload names: at most one does in an hour.';

create table rollbook.link (
  tenant_id uuid not null,
  source_system_id uuid not null,
  kind text not null,
  source_id text not null,
  key uuid not null,
  content bigint not null,
  object_id uuid not null,
  attributes jsonb not null,
  active boolean default true not null,
  first_run_id uuid,
  last_run_id uuid,
  created_at timestamp with time zone default now() not null,
  shared_user_id boolean default false not null,
  before_expiration jsonb,
  constraint link_pkey PRIMARY KEY (tenant_id, kind, source_system_id, source_id),
  constraint link_tenant_id_source_system_id_key_key UNIQUE (tenant_id, source_system_id, key),
  constraint link_tenant_id_source_system_id_fkey FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system(tenant_id, id),
  constraint link_kind_known CHECK ((kind = ANY (ARRAY['org'::text, 'academicSession'::text, 'course'::text, 'class'::text, 'student'::text, 'teacher'::text])))
);
CREATE INDEX link_object ON rollbook.link USING btree (tenant_id, object_id);
alter table rollbook.link enable row level security;
alter table rollbook.link force row level security;
create policy owner on rollbook.link for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.link as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.link as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.link as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.link for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.link to rollbook_app;
comment on table rollbook.link is 'Joins a source key to a directory object. Kept for ever, so that what comes back is known again.';
comment on column rollbook.link.content is 'Content hash of the record last applied; the snapshot is rebuilt from key and content.';
comment on column rollbook.link.attributes is 'The record as this source last gave it: decides which properties the source changed, and what the next owner supplies.';
comment on column rollbook.link.shared_user_id is 'Of a person: the roster that stated the record last has one id for each user, whatever the roles, so that a student and a teacher with this id are one person.';
comment on column rollbook.link.before_expiration is 'Of a class that expired with its profile: what its expiration changed, as it was (content, attributes, displayName, mailNickname, externalId, externalName), and what it wrote instead (written). Null once it is put back.';

create table rollbook.membership_change (
  tenant_id uuid not null,
  change_seq bigint not null,
  class_ids uuid[] not null,
  created_at timestamp with time zone default now() not null,
  constraint membership_change_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
CREATE INDEX membership_change_change_seq ON rollbook.membership_change USING btree (tenant_id, change_seq);
alter table rollbook.membership_change enable row level security;
alter table rollbook.membership_change force row level security;
create policy owner on rollbook.membership_change for all to rollbook_owner using (true);
create policy tenant on rollbook.membership_change for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select on rollbook.membership_change to rollbook_app;
comment on table rollbook.membership_change is 'Classes with enrollments that got this change_seq: one row for each statement that wrote some. Enrollments are not found by their change_seq; who follows changes finds the classes here, and looks at their enrollments. Kept for as long as somebody may ask (housekeeping).';
comment on column rollbook.membership_change.class_ids is 'In ascending order. Some may have got a later change_seq since; none is missing.';

create table rollbook.notice (
  tenant_id uuid not null,
  id uuid not null,
  profile_id uuid not null,
  run_id uuid,
  event text not null,
  reason_key text not null,
  profile_name text not null,
  payload jsonb not null,
  created_at timestamp with time zone default now() not null,
  closed_at timestamp with time zone,
  constraint notice_pkey PRIMARY KEY (tenant_id, id),
  constraint notice_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id),
  constraint notice_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id),
  constraint notice_event_known CHECK ((event = ANY (ARRAY['held'::text, 'quarantined'::text, 'recovered'::text, 'expired'::text, 'disabled'::text, 'recordDropped'::text, 'scheduledWithoutFiles'::text])))
);
CREATE UNIQUE INDEX notice_open ON rollbook.notice USING btree (tenant_id, profile_id, event, reason_key) WHERE (closed_at IS NULL);
CREATE INDEX notice_profile ON rollbook.notice USING btree (tenant_id, profile_id, id);
alter table rollbook.notice enable row level security;
alter table rollbook.notice force row level security;
create policy owner on rollbook.notice for all to rollbook_owner using (true);
create policy tenant on rollbook.notice for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.notice to rollbook_app;
comment on table rollbook.notice is 'What an administrator was to be told, stored in the transaction of the change it tells of.';
comment on column rollbook.notice.reason_key is 'The same reason raises nothing again while its notice is open.';
comment on column rollbook.notice.payload is 'Sentence, reasons, counts, ids and names of schools. Never the name of a person.';

create table rollbook.notice_channel (
  tenant_id uuid not null,
  id uuid not null,
  kind text not null,
  address text not null,
  events text[] default '{}'::text[] not null,
  digest text default 'none'::text not null,
  digest_hour integer,
  secret bytea,
  previous_secret bytea,
  previous_secret_until timestamp with time zone,
  enabled boolean default true not null,
  recent_attempts timestamp with time zone[] default '{}'::timestamp with time zone[] not null,
  lease_owner uuid,
  lease_expires_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint notice_channel_pkey PRIMARY KEY (tenant_id, id),
  constraint notice_channel_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint notice_channel_digest_known CHECK ((digest = ANY (ARRAY['none'::text, 'daily'::text]))),
  constraint notice_channel_hour_known CHECK (((digest_hour >= 0) AND (digest_hour <= 23))),
  constraint notice_channel_kind_known CHECK ((kind = ANY (ARRAY['webhook'::text, 'email'::text])))
);
alter table rollbook.notice_channel enable row level security;
alter table rollbook.notice_channel force row level security;
create policy owner on rollbook.notice_channel for all to rollbook_owner using (true);
create policy tenant on rollbook.notice_channel for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.notice_channel to rollbook_app;
comment on table rollbook.notice_channel is 'Where notices go: one webhook or one e-mail address.';
comment on column rollbook.notice_channel.events is 'The events it is told of (core/notices/notice-events); empty: all, later ones too.';
comment on column rollbook.notice_channel.digest is 'daily: one message a day at digest_hour in the time zone of the tenant, none on a day without notices.';
comment on column rollbook.notice_channel.secret is 'Signs the messages of a webhook; encrypted under SECRET_KEY. The one before signs too until previous_secret_until.';
comment on column rollbook.notice_channel.recent_attempts is 'When messages of the last hour were sent: there is a limit, and what is above it is joined into one message.';
comment on column rollbook.notice_channel.lease_owner is 'The attempt under way, so that several processes deliver once. After a crash the lease runs out and the attempt is repeated.';

create table rollbook.notice_delivery (
  tenant_id uuid not null,
  notice_id uuid not null,
  channel_id uuid not null,
  state text default 'waiting'::text not null,
  joined boolean default false not null,
  message_id uuid,
  attempts integer default 0 not null,
  next_attempt_at timestamp with time zone,
  last_attempt_at timestamp with time zone,
  last_error text,
  delivered_at timestamp with time zone,
  constraint notice_delivery_pkey PRIMARY KEY (tenant_id, notice_id, channel_id),
  constraint notice_delivery_tenant_id_channel_id_fkey FOREIGN KEY (tenant_id, channel_id) REFERENCES notice_channel(tenant_id, id) ON DELETE CASCADE,
  constraint notice_delivery_tenant_id_notice_id_fkey FOREIGN KEY (tenant_id, notice_id) REFERENCES notice(tenant_id, id),
  constraint notice_delivery_state_known CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])))
);
CREATE INDEX notice_delivery_due ON rollbook.notice_delivery USING btree (tenant_id, channel_id, next_attempt_at) WHERE (state = 'waiting'::text);
alter table rollbook.notice_delivery enable row level security;
alter table rollbook.notice_delivery force row level security;
create policy owner on rollbook.notice_delivery for all to rollbook_owner using (true);
create policy tenant on rollbook.notice_delivery for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.notice_delivery to rollbook_app;
comment on table rollbook.notice_delivery is 'One notice on its way to one channel. States: core/notices/delivery-state.';
comment on column rollbook.notice_delivery.joined is 'It waits to be told with others in one message: a digest, or what was above the limit of the hour.';
comment on column rollbook.notice_delivery.message_id is 'The message it is part of, once there was an attempt: repeated attempts carry the same id and the same notices.';
comment on column rollbook.notice_delivery.last_error is 'Why the last attempt failed, in our words; nothing of the answer.';

create table rollbook.org (
  tenant_id uuid not null,
  id uuid not null,
  type text default 'school'::text not null,
  parent_id uuid,
  display_name text not null,
  description text,
  external_id text,
  external_source text default 'sis'::text not null,
  school_number text,
  lowest_grade text,
  highest_grade text,
  principal_external_id text,
  principal_name text,
  principal_email text,
  phone text,
  fax text,
  street text,
  city text,
  state text,
  country text,
  postal_code text,
  attributes jsonb default '{}'::jsonb not null,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  constraint org_pkey PRIMARY KEY (tenant_id, id),
  constraint org_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint org_tenant_id_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES org(tenant_id, id)
);
CREATE INDEX org_change_seq ON rollbook.org USING btree (tenant_id, change_seq);
CREATE INDEX org_parent ON rollbook.org USING btree (tenant_id, parent_id) WHERE (parent_id IS NOT NULL);
CREATE INDEX org_type ON rollbook.org USING btree (tenant_id, type, id);
alter table rollbook.org enable row level security;
alter table rollbook.org force row level security;
create policy owner on rollbook.org for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.org as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.org as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.org as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.org for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.org to rollbook_app;
comment on table rollbook.org is 'A school or another node of the organization tree. Graph: educationSchool; OneRoster: org.';

create table rollbook.person (
  tenant_id uuid not null,
  id uuid not null,
  owner_link_key uuid,
  owner_source_system_id uuid,
  primary_role text default 'none'::text not null,
  display_name text not null,
  given_name text,
  middle_name text,
  surname text,
  student_external_id text,
  student_number text,
  grade text,
  graduation_year text,
  teacher_external_id text,
  teacher_number text,
  external_source text default 'sis'::text not null,
  attributes jsonb default '{}'::jsonb not null,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  name_key text generated always as (lower(display_name)) stored,
  constraint person_pkey PRIMARY KEY (tenant_id, id),
  constraint person_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint person_role_known CHECK ((primary_role = ANY (ARRAY['student'::text, 'teacher'::text, 'faculty'::text, 'none'::text])))
);
CREATE INDEX person_change_seq ON rollbook.person USING btree (tenant_id, change_seq);
CREATE INDEX person_name_key ON rollbook.person USING btree (tenant_id, name_key, id) WHERE active;
alter table rollbook.person enable row level security;
alter table rollbook.person force row level security;
create policy owner on rollbook.person for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.person as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.person as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.person as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.person for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER person_memberships AFTER UPDATE OF active ON rollbook.person FOR EACH ROW WHEN ((old.active IS DISTINCT FROM new.active)) EXECUTE FUNCTION show_memberships_of_person();
grant insert, select, update on rollbook.person to rollbook_app;
comment on table rollbook.person is 'A pupil, a teacher, a contact. The id is the id of Graph''s educationUser.';
comment on column rollbook.person.owner_link_key is 'The link whose source supplies the attributes; null for people made by hand.';
comment on column rollbook.person.name_key is 'lower(display_name)';

create table rollbook.plan (
  tenant_id uuid not null,
  run_id uuid not null,
  roster_hash text not null,
  item_count integer not null,
  counts jsonb not null,
  verdict jsonb not null,
  created_at timestamp with time zone default now() not null,
  base_run_id uuid,
  base_pass integer,
  plan_hash text default ''::text not null,
  constraint plan_pkey PRIMARY KEY (tenant_id, run_id),
  constraint plan_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id)
);
alter table rollbook.plan enable row level security;
alter table rollbook.plan force row level security;
create policy owner on rollbook.plan for all to rollbook_owner using (true);
create policy tenant on rollbook.plan for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.plan to rollbook_app;
comment on table rollbook.plan is 'What a run would change, counted, and the verdict over it. Its items are plan_item rows.';
comment on column rollbook.plan.roster_hash is 'Hash of the files it was made from.';
comment on column rollbook.plan.base_run_id is 'profile.accepted_run_id when the plan was made.';
comment on column rollbook.plan.base_pass is 'run.apply_pass of that run then: releasing what it held moves the profile on, too.';
comment on column rollbook.plan.plan_hash is 'Hash over roster_hash, base_run_id and the counts: what an approval names, so that it can mean no other plan.';

create table rollbook.plan_count (
  tenant_id uuid not null,
  run_id uuid not null,
  school_id text default ''::text not null,
  kind text not null,
  action text not null,
  item_count integer not null,
  failed_count integer not null,
  judged_count integer not null,
  held_count integer default 0 not null,
  first_item_no integer not null,
  last_item_no integer not null,
  constraint plan_count_pkey PRIMARY KEY (tenant_id, run_id, school_id, kind, action),
  constraint plan_count_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id)
);
alter table rollbook.plan_count enable row level security;
alter table rollbook.plan_count force row level security;
create policy owner on rollbook.plan_count for all to rollbook_owner using (true);
create policy tenant on rollbook.plan_count for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.plan_count to rollbook_app;
comment on table rollbook.plan_count is 'A plan counted by school, kind and action: what a reviewer sees first, and what breakers judge.';
comment on column rollbook.plan_count.school_id is 'Source id of the school; empty for what belongs to none (terms, courses).';
comment on column rollbook.plan_count.judged_count is 'Those that breakers count: neither failed nor without consequence (a grade that goes up with the year).';
comment on column rollbook.plan_count.first_item_no is 'With last_item_no the range in which these items are: keeps a page of one school cheap.';

create table rollbook.plan_hold (
  tenant_id uuid not null,
  run_id uuid not null,
  scope text not null,
  scope_id text default ''::text not null,
  reasons jsonb not null,
  item_count integer not null,
  decision text,
  decided_by text,
  decided_at timestamp with time zone,
  note text,
  constraint plan_hold_pkey PRIMARY KEY (tenant_id, run_id, scope, scope_id),
  constraint plan_hold_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id),
  constraint plan_hold_decision_known CHECK ((decision = ANY (ARRAY['approved'::text, 'rejected'::text]))),
  constraint plan_hold_scope_known CHECK ((scope = ANY (ARRAY['plan'::text, 'school'::text, 'absence'::text, 'addsOnly'::text])))
);
CREATE INDEX plan_hold_put_off ON rollbook.plan_hold USING btree (tenant_id, run_id) WHERE ((scope = 'addsOnly'::text) AND (decision IS NULL));
alter table rollbook.plan_hold enable row level security;
alter table rollbook.plan_hold force row level security;
create policy owner on rollbook.plan_hold for all to rollbook_owner using (true);
create policy tenant on rollbook.plan_hold for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.plan_hold to rollbook_app;
comment on table rollbook.plan_hold is 'Parts of a plan that wait: the whole plan, one school, the endings of a file whose completeness is not proven, endings put off by an adds-only window.';
comment on column rollbook.plan_hold.scope_id is 'school: source id; absence: file; else empty.';

create table rollbook.plan_item_failure (
  tenant_id uuid not null,
  run_id uuid not null,
  item_no integer not null,
  code text not null,
  message text not null,
  because_of integer,
  joining_value text,
  at timestamp with time zone default now() not null,
  constraint plan_item_failure_pkey PRIMARY KEY (tenant_id, run_id, item_no),
  constraint plan_item_failure_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id)
);
alter table rollbook.plan_item_failure enable row level security;
alter table rollbook.plan_item_failure force row level security;
create policy owner on rollbook.plan_item_failure for all to rollbook_owner using (true);
create policy tenant on rollbook.plan_item_failure for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.plan_item_failure to rollbook_app;
comment on table rollbook.plan_item_failure is 'Items that were not applied, and why. All other items up to run.applied_item_no were.';
comment on column rollbook.plan_item_failure.because_of is 'Not null: it waits for another record; it is not counted as an error of its own.';

create table rollbook.plan_item_hold (
  tenant_id uuid not null,
  run_id uuid not null,
  item_no integer not null,
  scope text not null,
  scope_id text not null,
  pass integer default 0 not null,
  constraint plan_item_hold_pkey PRIMARY KEY (tenant_id, run_id, item_no),
  constraint plan_item_hold_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id)
);
alter table rollbook.plan_item_hold enable row level security;
alter table rollbook.plan_item_hold force row level security;
create policy owner on rollbook.plan_item_hold for all to rollbook_owner using (true);
create policy tenant on rollbook.plan_item_hold for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.plan_item_hold to rollbook_app;
comment on table rollbook.plan_item_hold is 'Items that pass 1 of apply leaves out. (A plan that is held as a whole has none: it is not applied at all.)';
comment on column rollbook.plan_item_hold.pass is '0: waits, or was rejected. Otherwise the pass of apply it was released for.';

create table rollbook.profile (
  tenant_id uuid not null,
  id uuid not null,
  source_system_id uuid not null,
  display_name text not null,
  data_provider jsonb not null,
  identity_configuration jsonb not null,
  licenses_to_assign jsonb,
  handle_special_character_constraint boolean,
  expiration_date date,
  settings jsonb default '{}'::jsonb not null,
  secrets bytea,
  state text default 'provisioning'::text not null,
  state_message text,
  reset_at timestamp with time zone,
  paused_at timestamp with time zone,
  paused_because text,
  quarantined_at timestamp with time zone,
  broken_runs integer default 0 not null,
  last_synchronization_at timestamp with time zone,
  last_activity_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone,
  accepted_run_id uuid,
  quarantine_reason text,
  quarantine_last_at timestamp with time zone,
  quarantine_count integer default 0 not null,
  quarantine_next_attempt_at timestamp with time zone,
  constraint profile_pkey PRIMARY KEY (tenant_id, id),
  constraint profile_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint profile_tenant_id_source_system_id_fkey FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system(tenant_id, id),
  constraint profile_state_known CHECK ((state = ANY (ARRAY['provisioning'::text, 'provisioned'::text, 'provisioningFailed'::text, 'deleting'::text, 'deletionFailed'::text, 'deleted'::text])))
);
CREATE INDEX profile_source_system ON rollbook.profile USING btree (tenant_id, source_system_id);
alter table rollbook.profile enable row level security;
alter table rollbook.profile force row level security;
create policy owner on rollbook.profile for all to rollbook_owner using (true);
create policy tenant on rollbook.profile for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER profile_tells_change AFTER UPDATE OF state, paused_at, settings, broken_runs, quarantined_at ON rollbook.profile FOR EACH ROW EXECUTE FUNCTION tell_change();
grant delete, insert, select, update on rollbook.profile to rollbook_app;
comment on table rollbook.profile is 'A synchronization profile. A deleted one stays as a tombstone, for the history of its runs and the adoption of its links.';
comment on column rollbook.profile.settings is 'What Graph has no property for: tolerance, user name linking, thresholds (see core/run/profile-settings).';
comment on column rollbook.profile.secrets is 'Connection secrets of the data provider, encrypted; never echoed.';
comment on column rollbook.profile.state_message is 'Why the state is provisioningFailed or deletionFailed; null otherwise.';
comment on column rollbook.profile.reset_at is 'The last reset: runs made before it no longer count for the status, and the next one compares everything with the directory.';
comment on column rollbook.profile.broken_runs is 'Runs broken in a row; five put the profile into quarantine; zero after a run that succeeded.';
comment on column rollbook.profile.accepted_run_id is 'The run whose plan was last let into the directory. A plan that was made while another one stood here is stale.';
comment on column rollbook.profile.quarantine_reason is 'While in quarantine: the code of core/run/quarantine. quarantined_at is its first time, quarantine_last_at the last.';
comment on column rollbook.profile.quarantine_count is 'How often the reason was met since quarantined_at.';

create table rollbook.profile_event (
  tenant_id uuid not null,
  profile_id uuid not null,
  id uuid not null,
  at timestamp with time zone default now() not null,
  event text not null,
  state text not null,
  actor text not null,
  detail jsonb,
  constraint profile_event_pkey PRIMARY KEY (tenant_id, profile_id, id),
  constraint profile_event_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id)
);
alter table rollbook.profile_event enable row level security;
alter table rollbook.profile_event force row level security;
create policy owner on rollbook.profile_event for all to rollbook_owner using (true);
create policy tenant on rollbook.profile_event for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select on rollbook.profile_event to rollbook_app;
comment on table rollbook.profile_event is 'Append-only: what happened to a profile, by whom.';

create table rollbook.profile_schedule (
  tenant_id uuid not null,
  profile_id uuid not null,
  cron text,
  cron_due_at timestamp with time zone,
  folder_seen text,
  folder_seen_at timestamp with time zone,
  folder_taken text,
  folder_note text,
  expired_on date,
  expiration_queued_on date,
  constraint profile_schedule_pkey PRIMARY KEY (tenant_id, profile_id),
  constraint profile_schedule_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id)
);
alter table rollbook.profile_schedule enable row level security;
alter table rollbook.profile_schedule force row level security;
create policy owner on rollbook.profile_schedule for all to rollbook_owner using (true);
create policy tenant on rollbook.profile_schedule for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.profile_schedule to rollbook_app;
comment on table rollbook.profile_schedule is 'How far the scheduler is with a profile. What is wanted stands in profile.settings.';
comment on column rollbook.profile_schedule.cron is 'The cron line and time zone that cron_due_at was made from: another one in the settings makes it anew.';
comment on column rollbook.profile_schedule.folder_seen is 'Fingerprint of the watched folder as it was at folder_seen_at: files are taken once it stays the same.';
comment on column rollbook.profile_schedule.folder_taken is 'Fingerprint that was uploaded last; the same files are not taken twice.';
comment on column rollbook.profile_schedule.folder_note is 'Why the folder is not taken right now, for people; null when nothing is in the way.';
comment on column rollbook.profile_schedule.expired_on is 'The expiration date that was noticed.';
comment on column rollbook.profile_schedule.expiration_queued_on is 'The expiration date for which a run was queued: once, whatever became of that run.';

create table rollbook.record_error (
  tenant_id uuid not null,
  profile_id uuid not null,
  id uuid not null,
  run_id uuid not null,
  entry_type text not null,
  error_code text not null,
  error_message text not null,
  joining_value text,
  reportable_identifier text,
  file text,
  line integer,
  recorded_at timestamp with time zone default now() not null,
  constraint record_error_pkey PRIMARY KEY (tenant_id, profile_id, id),
  constraint record_error_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id)
);
CREATE INDEX record_error_recorded ON rollbook.record_error USING btree (tenant_id, profile_id, recorded_at, id);
alter table rollbook.record_error enable row level security;
alter table rollbook.record_error force row level security;
create policy owner on rollbook.record_error for all to rollbook_owner using (true);
create policy tenant on rollbook.record_error for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.record_error to rollbook_app;
comment on table rollbook.record_error is 'The open errors of a profile: records its last roster dropped, and records that could not be written. Graph serves them as errors.';

create table rollbook.reference_value (
  tenant_id uuid not null,
  list text not null,
  code_key text not null,
  code text not null,
  title text,
  changed_at timestamp with time zone default now() not null,
  changed_by text not null,
  constraint reference_value_pkey PRIMARY KEY (tenant_id, list, code_key),
  constraint reference_value_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint reference_value_list_known CHECK ((list = ANY (ARRAY['grades'::text, 'orgTypes'::text, 'subjects'::text, 'ethnicities'::text, 'races'::text, 'personFlags'::text, 'staffRoles'::text, 'studentRoles'::text, 'otherRoles'::text]))),
  constraint reference_value_title_length CHECK (((char_length(title) >= 1) AND (char_length(title) <= 255)))
);
alter table rollbook.reference_value enable row level security;
alter table rollbook.reference_value force row level security;
create policy owner on rollbook.reference_value for all to rollbook_owner using (true);
create policy tenant on rollbook.reference_value for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.reference_value to rollbook_app;
comment on table rollbook.reference_value is 'What a tenant has otherwise than the reference lists (core/roster/reference-lists).';
comment on column rollbook.reference_value.code_key is 'The code as it is compared: without letter case (core/roster/reference-list, foldCase).';
comment on column rollbook.reference_value.title is 'Of a value of its own; null: the value of the list that has this code is disabled.';
comment on column rollbook.reference_value.changed_by is 'Id of the application that asked for it.';

create table rollbook.role (
  tenant_id uuid not null,
  source_system_id uuid not null,
  key uuid not null,
  content bigint not null,
  person_id uuid not null,
  org_id uuid not null,
  role text not null,
  grade text,
  is_primary boolean,
  start_date date,
  end_date date,
  active boolean default true not null,
  version integer default 1 not null,
  change_seq bigint not null,
  removed_by_hand text,
  role_name text,
  academic_session_id uuid,
  constraint role_pkey PRIMARY KEY (tenant_id, source_system_id, key),
  constraint role_tenant_id_academic_session_id_fkey FOREIGN KEY (tenant_id, academic_session_id) REFERENCES academic_session(tenant_id, id),
  constraint role_tenant_id_org_id_fkey FOREIGN KEY (tenant_id, org_id) REFERENCES org(tenant_id, id),
  constraint role_tenant_id_person_id_fkey FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id),
  constraint role_tenant_id_source_system_id_fkey FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system(tenant_id, id),
  constraint role_removed_known CHECK (((removed_by_hand IS NULL) OR ((removed_by_hand = ANY (ARRAY['itself'::text, 'withObject'::text])) AND (NOT active))))
);
CREATE INDEX role_academic_session ON rollbook.role USING btree (tenant_id, academic_session_id) WHERE (academic_session_id IS NOT NULL);
CREATE INDEX role_org ON rollbook.role USING btree (tenant_id, org_id);
CREATE INDEX role_person ON rollbook.role USING btree (tenant_id, person_id);
CREATE INDEX role_removed_with_object ON rollbook.role USING btree (tenant_id, person_id) WHERE (removed_by_hand = 'withObject'::text);
alter table rollbook.role enable row level security;
alter table rollbook.role force row level security;
create policy owner on rollbook.role for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.role as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.role as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.role as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.role for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER role_inserted AFTER INSERT ON rollbook.role REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_active_roles();
CREATE TRIGGER role_updated AFTER UPDATE ON rollbook.role REFERENCING OLD TABLE AS replaced NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION count_active_roles();
grant insert, select, update on rollbook.role to rollbook_app;
comment on table rollbook.role is 'A person''s role in an org, as one source states it.';
comment on column rollbook.role.role is 'What it counts as: student, teacher (all staff), or other (neither: it makes no account).';
comment on column rollbook.role.removed_by_hand is 'Not null: ended by hand, so inactive, while its source still states it. itself: it alone; withObject: its person or org was deleted, and it comes back with them.';
comment on column rollbook.role.role_name is 'As the source calls it (principal, nurse, ...); null: as role says.';
comment on column rollbook.role.academic_session_id is 'The academic session in which the person has it; null: none was named.';

create table rollbook.run (
  tenant_id uuid not null,
  id uuid not null,
  profile_id uuid not null,
  upload_id uuid,
  state text default 'queued'::text not null,
  attempt integer default 1 not null,
  epoch integer default 0 not null,
  lease_owner text,
  lease_expires_at timestamp with time zone,
  next_attempt_at timestamp with time zone,
  requested_by text not null,
  tolerance_waived boolean default false not null,
  verdict_accepted boolean default false not null,
  confirmed_files text[] default '{}'::text[] not null,
  cancel_requested boolean default false not null,
  accepted_by text,
  accepted_at timestamp with time zone,
  planned_at timestamp with time zone,
  applied_item_no integer default 0 not null,
  progress jsonb,
  counts jsonb,
  message text,
  error_code text,
  created_at timestamp with time zone default now() not null,
  started_at timestamp with time zone,
  staged_at timestamp with time zone,
  finished_at timestamp with time zone,
  plan_only boolean default false not null,
  trigger text default 'start'::text not null,
  adds_only boolean default false not null,
  apply_pass integer default 1 not null,
  certificate jsonb,
  expired_on date,
  totals json generated always as (run_totals(counts)) stored,
  kept_in_id uuid,
  traceparent text,
  constraint run_pkey PRIMARY KEY (tenant_id, id),
  constraint run_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id),
  constraint run_tenant_id_upload_id_fkey FOREIGN KEY (tenant_id, upload_id) REFERENCES upload(tenant_id, id),
  constraint run_expiration_dated CHECK (((trigger <> 'expiration'::text) OR (expired_on IS NOT NULL))),
  constraint run_state_known CHECK ((state = ANY (ARRAY['queued'::text, 'staging'::text, 'planning'::text, 'held'::text, 'applying'::text, 'suspended'::text, 'broken'::text, 'completed'::text, 'superseded'::text, 'cancelled'::text, 'rejected'::text]))),
  constraint run_trigger_known CHECK ((trigger = ANY (ARRAY['start'::text, 'plan'::text, 'upload'::text, 'cron'::text, 'folder'::text, 'retry'::text, 'catchUp'::text, 'expiration'::text, 'expirationUndo'::text]))),
  constraint run_undo_named CHECK (((trigger <> 'expirationUndo'::text) OR ((expired_on IS NOT NULL) AND (kept_in_id IS NOT NULL))))
);
CREATE UNIQUE INDEX run_one_executing ON rollbook.run USING btree (tenant_id, profile_id) WHERE (state = ANY (ARRAY['staging'::text, 'planning'::text, 'applying'::text]));
CREATE UNIQUE INDEX run_one_queued ON rollbook.run USING btree (tenant_id, profile_id) WHERE (state = 'queued'::text);
CREATE INDEX run_profile ON rollbook.run USING btree (tenant_id, profile_id, created_at, id);
CREATE INDEX run_unfinished ON rollbook.run USING btree (tenant_id, profile_id) WHERE (state = ANY (ARRAY['queued'::text, 'staging'::text, 'planning'::text, 'held'::text, 'applying'::text, 'suspended'::text, 'broken'::text]));
alter table rollbook.run enable row level security;
alter table rollbook.run force row level security;
create policy owner on rollbook.run for all to rollbook_owner using (true);
create policy tenant on rollbook.run for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
CREATE TRIGGER run_tells_change AFTER INSERT OR UPDATE OF state, progress, message, cancel_requested, next_attempt_at, finished_at, lease_owner ON rollbook.run FOR EACH ROW EXECUTE FUNCTION tell_change();
grant delete, insert, select, update on rollbook.run to rollbook_app;
comment on table rollbook.run is 'One pass of a profile, and the truth about it: whoever holds lease and epoch may write, nobody else.';
comment on column rollbook.run.epoch is 'Rises with every claim; each batch commit checks it, so a worker that lost its lease can write nothing.';
comment on column rollbook.run.confirmed_files is 'Files that may be missing or without rows in this run although they had rows: confirmed one by one on resume.';
comment on column rollbook.run.cancel_requested is 'Reset or delete of the profile while a worker executes: it stops between two batches.';
comment on column rollbook.run.planned_at is 'When the plan was complete. Null: what is staged is thrown away and made again from the sealed upload.';
comment on column rollbook.run.applied_item_no is 'Plan items up to this number are in the directory, or stand in plan_item_failure.';
comment on column rollbook.run.plan_only is 'A preview: its plan waits, and the status does not show it, until somebody approves it; then it is a run as any other.';
comment on column rollbook.run.trigger is 'What asked for it: start and plan by a client; upload, cron and folder by the schedule; retry for what is in escrow; catchUp for endings that an adds-only window put off; expiration for what follows the expiration of the profile; expirationUndo for putting that back.';
comment on column rollbook.run.adds_only is 'It was planned in an adds-only window: endings wait for the end of the window.';
comment on column rollbook.run.apply_pass is '1: all items that are not held. A later pass applies the held items that were released for it. applied_item_no counts within the pass.';
comment on column rollbook.run.certificate is 'What proves that the source was read whole (core/plan/certificate); without proof nothing is ended.';
comment on column rollbook.run.expired_on is 'Of the triggers expiration and expirationUndo: the expiration date whose consequences it carries out, or puts back. It stays when the profile gets another date.';
comment on column rollbook.run.totals is 'run_totals(counts)';
comment on column rollbook.run.kept_in_id is 'Of the trigger expirationUndo: the source system that keeps the expired classes.';
comment on column rollbook.run.traceparent is 'The span of the request that asked for the run last (W3C Trace Context); its trace is linked to it. Null: nobody traced it, or no request did.';

create table rollbook.run_event (
  tenant_id uuid not null,
  run_id uuid not null,
  id uuid not null,
  at timestamp with time zone default now() not null,
  event text not null,
  state text not null,
  actor text not null,
  detail jsonb,
  constraint run_event_pkey PRIMARY KEY (tenant_id, run_id, id),
  constraint run_event_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES run(tenant_id, id)
);
alter table rollbook.run_event enable row level security;
alter table rollbook.run_event force row level security;
create policy owner on rollbook.run_event for all to rollbook_owner using (true);
create policy tenant on rollbook.run_event for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select on rollbook.run_event to rollbook_app;
comment on table rollbook.run_event is 'Append-only: the timeline of a run.';

create table rollbook.schema_migration (
  number integer not null,
  name text not null,
  hash text not null,
  applied_at timestamp with time zone default now() not null,
  needs integer default 0 not null,
  constraint schema_migration_pkey PRIMARY KEY (number)
);
grant select on rollbook.schema_migration to rollbook_app;
comment on table rollbook.schema_migration is 'Which files of db/migrations this database has, with their SHA-256.';
comment on column rollbook.schema_migration.needs is 'Processes that do not know this migration must not write any more: the first line of its file says so (-- needs 0019). 0: the release before can live with it.';

create table rollbook.signing_key (
  kid text not null,
  public_jwk jsonb not null,
  private_jwk bytea not null,
  created_at timestamp with time zone default now() not null,
  retired_at timestamp with time zone,
  constraint signing_key_pkey PRIMARY KEY (kid)
);
grant select on rollbook.signing_key to rollbook_app;
comment on table rollbook.signing_key is 'Keys of the built-in token issuer, for all tenants. private_jwk is encrypted under SECRET_KEY.';

create table rollbook.snapshot_state (
  tenant_id uuid not null,
  source_system_id uuid not null,
  generation bigint default 0 not null,
  constraint snapshot_state_pkey PRIMARY KEY (tenant_id, source_system_id),
  constraint snapshot_state_tenant_id_source_system_id_fkey FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system(tenant_id, id)
);
alter table rollbook.snapshot_state enable row level security;
alter table rollbook.snapshot_state force row level security;
create policy owner on rollbook.snapshot_state for all to rollbook_owner using (true);
create policy tenant on rollbook.snapshot_state for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.snapshot_state to rollbook_app;
comment on table rollbook.snapshot_state is 'Changes with every batch that touches records of this source system, to a number drawn by lot: a snapshot file of another generation is stale and rebuilt.';

create table rollbook.source_system (
  tenant_id uuid not null,
  id uuid not null,
  name text not null,
  priority integer default 100 not null,
  created_at timestamp with time zone default now() not null,
  expired_on date,
  class_anchor text default 'id'::text not null,
  expiration_run_id uuid,
  expired_from_id uuid,
  constraint source_system_pkey PRIMARY KEY (tenant_id, id),
  constraint source_system_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id),
  constraint source_system_class_anchor_known CHECK ((class_anchor = ANY (ARRAY['id'::text, 'idAndSession'::text])))
);
alter table rollbook.source_system enable row level security;
alter table rollbook.source_system force row level security;
create policy owner on rollbook.source_system for all to rollbook_owner using (true);
create policy tenant on rollbook.source_system for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant insert, select, update on rollbook.source_system to rollbook_app;
comment on table rollbook.source_system is 'Where source ids are unique. Each profile has its own; a profile made again after a deletion may adopt the old one. The one whose id is the tenant''s has the memberships made by hand, and no profile.';
comment on column rollbook.source_system.priority is 'Smaller wins when several links point at one person; equal priority: the older link.';
comment on column rollbook.source_system.expired_on is 'Not null: it keeps the classes of a profile that expired on this day. No profile uses it, so that no sync touches them.';
comment on column rollbook.source_system.class_anchor is 'What keys and source ids of its classes are made of: the id of the section, or that and the id of its academic session.';
comment on column rollbook.source_system.expiration_run_id is 'Of one that keeps expired classes: the run that moved them here. Without one they expired before Rollbook remembered what that changed.';
comment on column rollbook.source_system.expired_from_id is 'Of one that keeps expired classes: the source system that they were moved from, and go back to.';

create table rollbook.tenant (
  id uuid not null,
  name text not null,
  time_zone text default 'UTC'::text not null,
  created_at timestamp with time zone default now() not null,
  constraint tenant_pkey PRIMARY KEY (id)
);
alter table rollbook.tenant enable row level security;
alter table rollbook.tenant force row level security;
create policy owner on rollbook.tenant for all to rollbook_owner using (true);
create policy tenant on rollbook.tenant for all to rollbook_app using ((id = ( SELECT current_tenant() AS current_tenant)));
grant select on rollbook.tenant to rollbook_app;
comment on table rollbook.tenant is 'A school authority: a district, a trust, a ministry. Nothing is shared between tenants.';
comment on column rollbook.tenant.time_zone is 'IANA name; decides what "today" is for expiration and schedules.';

create table rollbook.tenant_counter (
  tenant_id uuid not null,
  change_seq bigint default 0 not null,
  forgotten_seq bigint default 0 not null,
  restored_seq bigint default 0 not null,
  constraint tenant_counter_pkey PRIMARY KEY (tenant_id),
  constraint tenant_counter_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
alter table rollbook.tenant_counter enable row level security;
alter table rollbook.tenant_counter force row level security;
create policy owner on rollbook.tenant_counter for all to rollbook_owner using (true);
create policy planning_deletes_nothing on rollbook.tenant_counter as restrictive for delete to rollbook_app using ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_inserts_nothing on rollbook.tenant_counter as restrictive for insert to rollbook_app with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy planning_updates_nothing on rollbook.tenant_counter as restrictive for update to rollbook_app using (true) with check ((( SELECT current_setting('rollbook.planning'::text, true) AS current_setting) IS DISTINCT FROM 'on'::text));
create policy tenant on rollbook.tenant_counter for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.tenant_counter to rollbook_app;
comment on table rollbook.tenant_counter is 'The last change_seq given out. Its row lock is held until commit, so commit order is seq order, without gaps.';
comment on column rollbook.tenant_counter.forgotten_seq is 'The highest change_seq of the membership changes that were removed: who followed the members of classes up to an earlier one has to begin again.';
comment on column rollbook.tenant_counter.restored_seq is 'The change_seq at which the tenant was restored from a backup: links of delta queries from before it lead to a history that is not. 0: it was not.';

create table rollbook.tenant_secret (
  tenant_id uuid not null,
  hash_key bytea not null,
  constraint tenant_secret_pkey PRIMARY KEY (tenant_id),
  constraint tenant_secret_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenant(id)
);
alter table rollbook.tenant_secret enable row level security;
alter table rollbook.tenant_secret force row level security;
create policy owner on rollbook.tenant_secret for all to rollbook_owner using (true);
create policy tenant on rollbook.tenant_secret for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.tenant_secret to rollbook_app;
comment on table rollbook.tenant_secret is 'Keys of the keyed record hashes, encrypted under SECRET_KEY.';

create table rollbook.upload (
  tenant_id uuid not null,
  id uuid not null,
  profile_id uuid not null,
  state text default 'open'::text not null,
  wrapped_key bytea,
  created_at timestamp with time zone default now() not null,
  sealed_at timestamp with time zone,
  erased_at timestamp with time zone,
  reading text,
  format text,
  base_upload_id uuid,
  delta_upload_id uuid,
  constraint upload_pkey PRIMARY KEY (tenant_id, id),
  constraint upload_tenant_id_profile_id_fkey FOREIGN KEY (tenant_id, profile_id) REFERENCES profile(tenant_id, id),
  constraint upload_reading_known CHECK ((reading = ANY (ARRAY['whole'::text, 'merged'::text, 'refused'::text]))),
  constraint upload_state_known CHECK ((state = ANY (ARRAY['open'::text, 'sealing'::text, 'sealed'::text, 'erased'::text])))
);
CREATE UNIQUE INDEX upload_one_open ON rollbook.upload USING btree (tenant_id, profile_id) WHERE (state = ANY (ARRAY['open'::text, 'sealing'::text]));
CREATE INDEX upload_profile ON rollbook.upload USING btree (tenant_id, profile_id, created_at);
CREATE INDEX upload_sealed ON rollbook.upload USING btree (tenant_id, profile_id, sealed_at) WHERE (state = 'sealed'::text);
alter table rollbook.upload enable row level security;
alter table rollbook.upload force row level security;
create policy owner on rollbook.upload for all to rollbook_owner using (true);
create policy tenant on rollbook.upload for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.upload to rollbook_app;
comment on table rollbook.upload is 'The files of one drop. Open: it takes files. Sealed: a start has taken it, its bytes never change again.';
comment on column rollbook.upload.wrapped_key is 'The key its files are encrypted with, itself encrypted under SECRET_KEY. Null: erased, the bytes are noise.';
comment on column rollbook.upload.reading is 'whole: a complete set that could be read, and so a base for delta files; merged: delta files, a set was made of them; refused: it could not be read. Null: not read yet.';
comment on column rollbook.upload.format is 'Of a whole set: what it was read as.';
comment on column rollbook.upload.base_upload_id is 'Made by Rollbook: the whole set that the delta files were merged into. Null: the files came as they are.';
comment on column rollbook.upload.delta_upload_id is 'Made by Rollbook: the upload with the delta files.';

create table rollbook.upload_block (
  tenant_id uuid not null,
  upload_id uuid not null,
  name text not null,
  block_id text not null,
  object_name text not null,
  size_bytes bigint not null,
  created_at timestamp with time zone default now() not null,
  constraint upload_block_pkey PRIMARY KEY (tenant_id, upload_id, name, block_id),
  constraint upload_block_tenant_id_upload_id_fkey FOREIGN KEY (tenant_id, upload_id) REFERENCES upload(tenant_id, id) ON DELETE CASCADE
);
alter table rollbook.upload_block enable row level security;
alter table rollbook.upload_block force row level security;
create policy owner on rollbook.upload_block for all to rollbook_owner using (true);
create policy tenant on rollbook.upload_block for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.upload_block to rollbook_app;
comment on table rollbook.upload_block is 'Blocks sent (Put Block) and not yet named by a Put Block List.';

create table rollbook.upload_file (
  tenant_id uuid not null,
  upload_id uuid not null,
  name text not null,
  object_name text not null,
  size_bytes bigint not null,
  sha256 bytea not null,
  md5 bytea,
  blocks jsonb,
  committed_at timestamp with time zone default now() not null,
  constraint upload_file_pkey PRIMARY KEY (tenant_id, upload_id, name),
  constraint upload_file_tenant_id_upload_id_fkey FOREIGN KEY (tenant_id, upload_id) REFERENCES upload(tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX upload_file_name ON rollbook.upload_file USING btree (tenant_id, upload_id, lower(name));
alter table rollbook.upload_file enable row level security;
alter table rollbook.upload_file force row level security;
create policy owner on rollbook.upload_file for all to rollbook_owner using (true);
create policy tenant on rollbook.upload_file for all to rollbook_app using ((tenant_id = ( SELECT current_tenant() AS current_tenant)));
grant delete, insert, select, update on rollbook.upload_file to rollbook_app;
comment on column rollbook.upload_file.object_name is 'Where files/ keeps the encrypted bytes; made by Rollbook, never from the name that was sent.';
comment on column rollbook.upload_file.sha256 is 'Of the plain bytes.';
comment on column rollbook.upload_file.blocks is 'The blocks it was put together from, in order: [{"id", "sizeBytes"}, ...]; a later Put Block List may name them. Null: sent whole.';

create view rollbook.finding with (security_barrier=true, check_option=cascaded) as
 SELECT tenant_id,
    run_id,
    finding_no,
    severity,
    code,
    file,
    line,
    field,
    value,
    kind,
    source_id,
    message
   FROM bulk.finding
  WHERE (tenant_id = ( SELECT current_tenant() AS current_tenant));
grant delete, select, update on rollbook.finding to rollbook_app;

create view rollbook.plan_item with (security_barrier=true, check_option=cascaded) as
 SELECT tenant_id,
    run_id,
    item_no,
    kind,
    action,
    reason,
    key,
    content,
    source_id,
    school_id,
    first_key,
    second_key,
    third_key,
    object_id,
    base_version,
    after,
    before,
    secret,
    file,
    line
   FROM bulk.plan_item
  WHERE (tenant_id = ( SELECT current_tenant() AS current_tenant));
grant delete, select, update on rollbook.plan_item to rollbook_app;

CREATE OR REPLACE FUNCTION rollbook.count_active_enrollments()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;
comment on function count_active_enrollments() is 'Whatever writes enrollments: a sync, a hand edit, a restore.';

CREATE OR REPLACE FUNCTION rollbook.count_active_roles()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
end $function$;
comment on function count_active_roles() is 'Whatever writes roles: a sync, a hand edit, a restore.';

CREATE OR REPLACE FUNCTION rollbook.count_moved_enrollments()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into rollbook.active_count as n (tenant_id, source_system_id, org_id, kind, active)
    select new.tenant_id, e.source_system_id, o.org_id, 'enrollment', o.sign * e.places
      from (select source_system_id, count(*) as places from rollbook.enrollment
             where tenant_id = new.tenant_id and class_id = new.id and active group by 1) e
     cross join (values (old.org_id, -1), (new.org_id, 1)) o (org_id, sign)
     where o.org_id is not null
    on conflict (tenant_id, source_system_id, org_id, kind) do update set active = n.active + excluded.active;
  return null;
end $function$;
comment on function count_moved_enrollments() is 'A class that goes to another org takes its places along.';

CREATE OR REPLACE FUNCTION rollbook.current_tenant()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('rollbook.tenant_id'::text, true), ''::text))::uuid;
grant execute on function current_tenant() to public;
grant execute on function current_tenant() to rollbook_app;
comment on function current_tenant() is 'The tenant of this transaction: set local rollbook.tenant_id. Null means: no row is visible.';

CREATE OR REPLACE FUNCTION rollbook.ensure_partitions(at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'rollbook', 'bulk', 'pg_temp'
AS $function$
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
end $function$;
grant execute on function ensure_partitions(timestamp with time zone) to public;
grant execute on function ensure_partitions(timestamp with time zone) to rollbook_app;
comment on function ensure_partitions(timestamp with time zone) is 'Makes the partitions of that month and the next. Called at start and once a day.';

CREATE OR REPLACE FUNCTION rollbook.month_floor_uuid(month date)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
RETURN ((lpad(to_hex(((EXTRACT(epoch FROM ((month)::timestamp without time zone AT TIME ZONE 'UTC'::text)) * (1000)::numeric))::bigint), 12, '0'::text) || repeat('0'::text, 20)))::uuid;

CREATE OR REPLACE FUNCTION rollbook.remember_membership_changes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into rollbook.membership_change (tenant_id, change_seq, class_ids)
    select tenant_id, change_seq, array_agg(distinct class_id order by class_id) from written group by tenant_id, change_seq;
  return null;
end $function$;
comment on function remember_membership_changes() is 'Whatever writes enrollments: a sync, a hand edit, another trigger.';

CREATE OR REPLACE FUNCTION rollbook.require_schema(known integer, newest boolean)
 RETURNS void
 LANGUAGE plpgsql
 STABLE
AS $function$
begin
  if exists (select from rollbook.schema_migration where case when newest then number else needs end > known) then
    raise exception using errcode = 'RB001', message = 'a newer Rollbook has migrated the database',
      hint = 'Replace this process by one of the newer version.';
  end if;
end $function$;
grant execute on function require_schema(integer,boolean) to public;
grant execute on function require_schema(integer,boolean) to rollbook_app;
comment on function require_schema(integer,boolean) is 'Refuses (RB001) a process that knows the migrations up to `known`: when there is a newer one (newest), or one that needs newer processes.';

CREATE OR REPLACE FUNCTION rollbook.run_totals(counts jsonb)
 RETURNS json
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select json_build_object(
           'records', sum((k.value ->> 'records')::bigint), 'created', sum((k.value ->> 'created')::bigint),
           'linked', sum((k.value ->> 'linked')::bigint), 'updated', sum((k.value ->> 'updated')::bigint),
           'reactivated', sum((k.value ->> 'reactivated')::bigint), 'ended', sum((k.value ->> 'ended')::bigint),
           'badRows', (select coalesce(sum((f ->> 'badRows')::bigint), 0) from jsonb_array_elements(counts -> 'files') f),
           'filesToConfirm', coalesce(counts -> 'filesToConfirm', '[]'))
    from jsonb_each(counts -> 'kinds') k
  having counts is not null
$function$;
comment on function run_totals(jsonb) is 'run.counts as the status of a profile needs them: sums over all kinds (null: nothing was counted), rows that were dropped, files to confirm by name';

CREATE OR REPLACE FUNCTION rollbook.show_memberships_of_class()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update rollbook.enrollment set change_seq = new.change_seq
    where tenant_id = new.tenant_id and class_id = new.id and active;
  return null;
end $function$;
comment on function show_memberships_of_class() is 'A reader of changes drops an inactive class with its memberships: when it comes back, so do they.';

CREATE OR REPLACE FUNCTION rollbook.show_memberships_of_person()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update rollbook.enrollment set change_seq = new.change_seq
    where tenant_id = new.tenant_id and person_id = new.id and active;
  return null;
end $function$;
comment on function show_memberships_of_person() is 'A membership is seen while its person is active: when that changes, so has the membership.';

CREATE OR REPLACE FUNCTION rollbook.tell_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('rollbook_changes', tg_table_name || ' ' || new.tenant_id || ' ' || new.id);
  if tg_table_name = 'run' then
    perform pg_notify('rollbook_changes', 'profile ' || new.tenant_id || ' ' || new.profile_id);
  end if;
  return null;
end $function$;
comment on function tell_change() is 'Wakes whoever follows a run or the status of a profile: kind, tenant and id. Losing one is harmless, they look from time to time anyway.';
