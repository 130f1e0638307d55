-- 0010 handed passwords: an initial password is handed to an administrator once.

alter table account add column initial_password_export uuid, add column initial_password_handed_at timestamptz;
comment on column account.initial_password_export is 'The export that read the initial password last; confirming it hands the password out.';
comment on column account.initial_password_handed_at is 'When the initial password was handed to an administrator; it is shown to nobody after that.';

create index account_password_not_handed on account (tenant_id, id) where initial_password is not null and initial_password_handed_at is null;
create index account_password_export on account (tenant_id, initial_password_export) where initial_password_export is not null and initial_password_handed_at is null;
