-- 0004 expiration: what becomes of the classes of a profile that has expired.

alter table run drop constraint run_trigger_known;
alter table run
  add column expired_on date,
  add constraint run_trigger_known check (trigger in
    ('start', 'plan', 'upload', 'cron', 'folder', 'retry', 'catchUp', 'expiration')),
  add constraint run_expiration_dated check (trigger <> 'expiration' or expired_on is not null);
comment on column run.trigger is 'What asked for it: start and plan by a client; upload, cron and folder by the schedule; retry for what is in escrow; catchUp for endings that an adds-only window put off; expiration for what follows the expiration of the profile.';
comment on column run.expired_on is 'Of the trigger expiration: the expiration date whose consequences it carries out. It stays when the profile gets another date.';

alter table profile_schedule add column expiration_queued_on date;
comment on column profile_schedule.expired_on is 'The expiration date that was noticed.';
comment on column profile_schedule.expiration_queued_on is 'The expiration date for which a run was queued: once, whatever became of that run.';

alter table source_system add column expired_on date;
comment on column source_system.expired_on is 'Not null: it keeps the classes of a profile that expired on this day. No profile uses it, so that no sync touches them.';
