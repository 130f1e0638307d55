-- 0029 one searches the storage: all objects of the place for uploads are listed by one process in an hour, however many there are.

alter table installation add column storage_searched_at timestamptz;
comment on column installation.storage_searched_at is 'When a process last began to look for objects that no upload names: at most one does in an hour.';
