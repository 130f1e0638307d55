-- 0028 people by name: a page of people in the order of their names is found in an index, however many there are before it.

-- A column, since row-level security keeps lower() out of index conditions (0013).
alter table person add column name_key text generated always as (lower(display_name)) stored;
comment on column person.name_key is 'lower(display_name)';
create index person_name_key on person (tenant_id, name_key, id) where active;
