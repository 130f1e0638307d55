-- 0012 roles and courses: what formats with orgs, roles and courses of their own say beside SDS V1.

alter table role add column role_name text, add column academic_session_id uuid;
alter table role add foreign key (tenant_id, academic_session_id) references academic_session (tenant_id, id);
comment on column role.role_name is 'As the source calls it (principal, nurse, ...); null: as role says.';
comment on column role.academic_session_id is 'The academic session in which the person has it; null: none was named.';
create index role_academic_session on role (tenant_id, academic_session_id) where academic_session_id is not null;

alter table enrollment add column role_name text;
comment on column enrollment.role_name is 'As the source calls it (aide, proctor, ...); null: as role says.';

alter table course add column attributes jsonb not null default '{}';
comment on column course.attributes is 'grade, org and schoolYear, as the source names them.';
create index org_parent on org (tenant_id, parent_id) where parent_id is not null;
