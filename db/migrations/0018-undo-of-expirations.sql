-- 0018 undo of expirations: what the expiration of a profile changed is remembered, so that it can be put back.

alter table link add column before_expiration jsonb;
comment on column link.before_expiration is 'Of a class that expired with its profile: what its expiration changed, as it was (content, attributes, displayName, mailNickname, externalId, externalName), and what it wrote instead (written). Null once it is put back.';

alter table enrollment add column ended_by_expiration uuid;
comment on column enrollment.ended_by_expiration is 'The run of the expiration that ended it. Null once it was put back, or left alone.';
create index enrollment_ended_by_expiration on enrollment (tenant_id, ended_by_expiration) where ended_by_expiration is not null;

alter table source_system add column expiration_run_id uuid, add column expired_from_id uuid;
comment on column source_system.expiration_run_id is 'Of one that keeps expired classes: the run that moved them here. Without one they expired before Rollbook remembered what that changed.';
comment on column source_system.expired_from_id is 'Of one that keeps expired classes: the source system that they were moved from, and go back to.';

alter table run drop constraint run_trigger_known;
alter table run
  add column kept_in_id uuid,
  add constraint run_trigger_known check (trigger in
    ('start', 'plan', 'upload', 'cron', 'folder', 'retry', 'catchUp', 'expiration', 'expirationUndo')),
  add constraint run_undo_named check (trigger <> 'expirationUndo' or (expired_on is not null and kept_in_id is not null));
comment on column run.trigger is 'What asked for it: start and plan by a client; upload, cron and folder by the schedule; retry for what is in escrow; catchUp for endings that an adds-only window put off; expiration for what follows the expiration of the profile; expirationUndo for putting that back.';
comment on column run.expired_on is 'Of the triggers expiration and expirationUndo: the expiration date whose consequences it carries out, or puts back. It stays when the profile gets another date.';
comment on column run.kept_in_id is 'Of the trigger expirationUndo: the source system that keeps the expired classes.';
