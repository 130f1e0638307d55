-- 0013 reading back: what people and programs look up by name is found in an index.

-- Row-level security keeps lower() out of index conditions, since it is not leakproof; a column with its result is one.
alter table account add column user_name_key text generated always as (lower(user_name)) stored;
comment on column account.user_name_key is 'lower(user_name)';
create index account_user_name_key on account (tenant_id, user_name_key) where target_id = 0;

create index org_type on org (tenant_id, type, id);
