-- 0015 identity: what the ids of people stand for, and what else people can be matched with.

alter table link add column shared_user_id boolean not null default false;
comment on column link.shared_user_id is 'Of a person: the roster that stated the record last has one id for each user, whatever the roles, so that a student and a teacher with this id are one person.';
update link l set shared_user_id = true
  from run r
 where l.kind in ('student', 'teacher') and r.tenant_id = l.tenant_id and r.id = l.last_run_id
   and r.counts -> 'format' ->> 'name' in ('sds-v2', 'sds-v2.1', 'oneroster-1.1', 'oneroster-1.2');

alter table account add column extension_attributes jsonb not null default '{}';
comment on column account.extension_attributes is 'extensionAttribute1 to extensionAttribute15 (Graph: onPremisesExtensionAttributes), those that have a value.';
