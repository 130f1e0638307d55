-- 0011 reference values: what a tenant adds to the lists of values that columns may have, and what it does not use of them.

create table reference_value (
  tenant_id   uuid not null references tenant (id),
  list        text not null,
  code_key    text not null,
  code        text not null,
  title       text,
  changed_at  timestamptz not null default now(),
  changed_by  text not null,
  primary key (tenant_id, list, code_key),
  constraint reference_value_list_known check (list in ('grades', 'orgTypes', 'subjects', 'ethnicities', 'races', 'personFlags')),
  constraint reference_value_title_length check (char_length(title) between 1 and 255)
);
comment on table reference_value is 'What a tenant has otherwise than the reference lists (core/roster/reference-lists).';
comment on column reference_value.code_key is 'The code as it is compared: without letter case (core/roster/reference-list, foldCase).';
comment on column reference_value.title is 'Of a value of its own; null: the value of the list that has this code is disabled.';
comment on column reference_value.changed_by is 'Id of the application that asked for it.';

alter table reference_value enable row level security;
alter table reference_value force row level security;
create policy tenant on reference_value to rollbook_app using (tenant_id = (select current_tenant()));
create policy owner on reference_value to rollbook_owner using (true);
grant select, insert, update, delete on reference_value to rollbook_app;
