-- 0007 hand edits: what people and scripts write into the directory themselves, and how it lives beside the syncs.

create table hand_edit (
  tenant_id       uuid not null references tenant (id),
  id              uuid not null,
  at              timestamptz not null default now(),
  change_seq      bigint not null,
  application_id  text not null,
  person          text,
  kind            text not null,
  action          text not null,
  object_id       uuid not null,
  other_id        uuid,
  before          jsonb,
  after           jsonb,
  primary key (tenant_id, id),
  constraint hand_edit_kind_known check (kind in ('org', 'class', 'person', 'role', 'enrollment')),
  constraint hand_edit_action_known check (action in ('create', 'update', 'deactivate', 'end', 'reactivate'))
);
create index hand_edit_object on hand_edit (tenant_id, object_id, id);
create index hand_edit_other on hand_edit (tenant_id, other_id, id) where other_id is not null;
comment on table hand_edit is 'Append-only: every edit by hand, written in its transaction. With the plan items it is the history of an object.';
comment on column hand_edit.change_seq is 'That of the rows the edit wrote.';
comment on column hand_edit.application_id is 'The application of the token.';
comment on column hand_edit.person is 'The subject of the token when somebody was signed in; null for an application by itself.';
comment on column hand_edit.object_id is 'The org, class or person; of a role or enrollment, the person.';
comment on column hand_edit.other_id is 'Of a role the org, of an enrollment the class.';
comment on column hand_edit.before is 'The properties that were changed, by their path in Graph, as they were. Passwords are never in it.';
comment on column hand_edit.after is 'The same properties as they are now.';

-- A membership that was ended by hand while its source still states it. `active` alone says what readers see.
alter table role
  add column removed_by_hand text,
  add constraint role_removed_known check (removed_by_hand is null or (removed_by_hand in ('itself', 'withObject') and not active));
alter table enrollment
  add column removed_by_hand text,
  add constraint enrollment_removed_known check (removed_by_hand is null or (removed_by_hand in ('itself', 'withObject') and not active));
comment on column role.removed_by_hand is 'Not null: ended by hand, so inactive, while its source still states it. itself: it alone; withObject: its person or org was deleted, and it comes back with them.';
comment on column enrollment.removed_by_hand is 'Not null: ended by hand, so inactive, while its source still states it. itself: it alone; withObject: its person or class was deleted, and it comes back with them.';

-- References of a class that were set by hand keep what the source said, so that it can be told when the source says something else.
alter table class
  add column org_by_hand boolean not null default false,
  add column source_org_id uuid,
  add foreign key (tenant_id, source_org_id) references org (tenant_id, id);
comment on column class.org_by_hand is 'The school was set by hand; it stays until the source names another than source_org_id.';
comment on column class.source_org_id is 'With org_by_hand: the school that the source named last. Null: none.';

alter table course
  add column copy_of uuid,
  alter column display_name drop not null,
  add foreign key (tenant_id, copy_of) references course (tenant_id, id);
alter table academic_session
  add column copy_of uuid,
  alter column display_name drop not null,
  add foreign key (tenant_id, copy_of) references academic_session (tenant_id, id);
create index course_copy_of on course (tenant_id, copy_of) where copy_of is not null;
create index academic_session_copy_of on academic_session (tenant_id, copy_of) where copy_of is not null;
comment on column course.copy_of is 'One class had its course edited by hand and has this copy; what the source changes in the course named here is changed in the copy, too.';
comment on column academic_session.copy_of is 'One class had its term edited by hand and has this copy; what the source changes in the term named here is changed in the copy, too.';
comment on column course.display_name is 'Null only for courses made by hand (external_source manual): each belongs to one class.';
comment on column academic_session.display_name is 'Null only for terms made by hand (external_source manual): each belongs to one class.';
create index class_course on class (tenant_id, course_id);
create index class_academic_session on class (tenant_id, academic_session_id);

comment on table source_system is 'Where source ids are unique. Each profile has its own; a profile made again after a deletion may adopt the old one. The one whose id is the tenant''s has the memberships made by hand, and no profile.';

alter table hand_edit enable row level security;
alter table hand_edit force row level security;
create policy tenant on hand_edit to rollbook_app using (tenant_id = (select current_tenant()));
create policy owner on hand_edit to rollbook_owner using (true);
grant select, insert on hand_edit to rollbook_app;
create index role_removed_with_object on role (tenant_id, person_id) where removed_by_hand = 'withObject';
create index enrollment_removed_with_object on enrollment (tenant_id, person_id) where removed_by_hand = 'withObject';
