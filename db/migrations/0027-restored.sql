-- 0027 restored: who followed changes of a history that a restore has undone is told to begin again.

alter table tenant_counter add column restored_seq bigint not null default 0;
comment on column tenant_counter.restored_seq is 'The change_seq at which the tenant was restored from a backup: links of delta queries from before it lead to a history that is not. 0: it was not.';
