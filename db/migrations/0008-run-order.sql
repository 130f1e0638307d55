-- 0008 run order: the newest run of a profile is the first entry of an index, without sorting those of one moment.

drop index run_profile;
create index run_profile on run (tenant_id, profile_id, created_at, id);
