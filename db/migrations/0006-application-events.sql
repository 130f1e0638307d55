-- 0006 application events: who made, changed, re-keyed and revoked the applications of a tenant.

create table application_event (
  tenant_id       uuid not null,
  application_id  uuid not null,
  id              uuid not null,
  at              timestamptz not null default now(),
  event           text not null,
  actor           text not null,
  detail          jsonb,
  primary key (tenant_id, application_id, id),
  foreign key (tenant_id, application_id) references application (tenant_id, id),
  constraint application_event_known check (event in ('created', 'updated', 'secretRotated', 'revoked'))
);
comment on table application_event is 'Append-only: what happened to an application, by whom. Never a secret, nor its hash.';
comment on column application_event.actor is 'Id of the application that asked for it, or a word for what Rollbook does by itself.';
comment on column application_event.detail is 'created: name and permissions; updated: what they were and became; secretRotated: until when the secret before it is valid.';

alter table application_event enable row level security;
alter table application_event force row level security;
create policy tenant on application_event to rollbook_app using (tenant_id = (select current_tenant()));
create policy owner on application_event to rollbook_owner using (true);
grant select, insert on application_event to rollbook_app;
