-- 0026 look-ups without statistics: what is looked up is found by its own index, also while PostgreSQL knows nothing of what is in a table.

-- Of a table that it has cleaned up and not looked at yet, PostgreSQL takes every condition for one that few rows meet: so an index that begins with the source system, the
-- same in all rows, was as good to it as that of the key, and a look-up walked through all links. Now the kind stands before it, which a look-up by key does not name.
alter table link drop constraint link_pkey;
alter table link add constraint link_pkey primary key (tenant_id, kind, source_system_id, source_id);

-- The same of the target, which is one for nearly all accounts, and the person.
drop index account_user_name;
create unique index account_user_name on account (tenant_id, lower(user_name), target_id);
