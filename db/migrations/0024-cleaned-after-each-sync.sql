-- 0024 cleaned after each sync: what a sync leaves behind is cleared away soon after it, and not by the next sync, page by page as it reads them.

-- By default a fifth of a table has to change first: of six million enrollments that is forty ordinary days. Two
-- thousandths are less than half of what changes in one.
alter table account set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
alter table class set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
alter table enrollment set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
alter table link set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
alter table person set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
alter table role set (autovacuum_vacuum_scale_factor = 0.002, autovacuum_vacuum_insert_scale_factor = 0.002);
