-- 0003 notices: an administrator is told by webhook or e-mail when a profile needs somebody.

create table notice_channel (
  tenant_id              uuid not null references tenant (id),
  id                     uuid not null,
  kind                   text not null,
  address                text not null,
  events                 text[] not null default '{}',
  digest                 text not null default 'none',
  digest_hour            integer,
  secret                 bytea,
  previous_secret        bytea,
  previous_secret_until  timestamptz,
  enabled                boolean not null default true,
  recent_attempts        timestamptz[] not null default '{}',
  lease_owner            uuid,
  lease_expires_at       timestamptz,
  created_at             timestamptz not null default now(),
  updated_at             timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint notice_channel_kind_known check (kind in ('webhook', 'email')),
  constraint notice_channel_digest_known check (digest in ('none', 'daily')),
  constraint notice_channel_hour_known check (digest_hour between 0 and 23)
);
comment on table notice_channel is 'Where notices go: one webhook or one e-mail address.';
comment on column notice_channel.events is 'The events it is told of (core/notices/notice-events); empty: all, later ones too.';
comment on column notice_channel.digest is 'daily: one message a day at digest_hour in the time zone of the tenant, none on a day without notices.';
comment on column notice_channel.secret is 'Signs the messages of a webhook; encrypted under SECRET_KEY. The one before signs too until previous_secret_until.';
comment on column notice_channel.recent_attempts is 'When messages of the last hour were sent: there is a limit, and what is above it is joined into one message.';
comment on column notice_channel.lease_owner is 'The attempt under way, so that several processes deliver once. After a crash the lease runs out and the attempt is repeated.';

create table notice (
  tenant_id     uuid not null,
  id            uuid not null,
  profile_id    uuid not null,
  run_id        uuid,
  event         text not null,
  reason_key    text not null,
  profile_name  text not null,
  payload       jsonb not null,
  created_at    timestamptz not null default now(),
  closed_at     timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, profile_id) references profile (tenant_id, id),
  foreign key (tenant_id, run_id) references run (tenant_id, id),
  constraint notice_event_known check (event in
    ('held', 'quarantined', 'recovered', 'expired', 'disabled', 'recordDropped', 'scheduledWithoutFiles'))
);
create unique index notice_open on notice (tenant_id, profile_id, event, reason_key) where closed_at is null;
create index notice_profile on notice (tenant_id, profile_id, id);
comment on table notice is 'What an administrator was to be told, stored in the transaction of the change it tells of.';
comment on column notice.reason_key is 'The same reason raises nothing again while its notice is open.';
comment on column notice.payload is 'Sentence, reasons, counts, ids and names of schools. Never the name of a person.';

create table notice_delivery (
  tenant_id        uuid not null,
  notice_id        uuid not null,
  channel_id       uuid not null,
  state            text not null default 'waiting',
  joined           boolean not null default false,
  message_id       uuid,
  attempts         integer not null default 0,
  next_attempt_at  timestamptz,
  last_attempt_at  timestamptz,
  last_error       text,
  delivered_at     timestamptz,
  primary key (tenant_id, notice_id, channel_id),
  foreign key (tenant_id, notice_id) references notice (tenant_id, id),
  foreign key (tenant_id, channel_id) references notice_channel (tenant_id, id) on delete cascade,
  constraint notice_delivery_state_known check (state in ('waiting', 'delivered', 'failed'))
);
create index notice_delivery_due on notice_delivery (tenant_id, channel_id, next_attempt_at) where state = 'waiting';
comment on table notice_delivery is 'One notice on its way to one channel. States: core/notices/delivery-state.';
comment on column notice_delivery.joined is 'It waits to be told with others in one message: a digest, or what was above the limit of the hour.';
comment on column notice_delivery.message_id is 'The message it is part of, once there was an attempt: repeated attempts carry the same id and the same notices.';
comment on column notice_delivery.last_error is 'Why the last attempt failed, in our words; nothing of the answer.';

do $$
declare
  name text;
begin
  foreach name in array array['notice_channel', 'notice', 'notice_delivery'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy tenant on %I to rollbook_app using (tenant_id = (select current_tenant()))', name);
    execute format('create policy owner on %I to rollbook_owner using (true)', name);
    execute format('grant select, insert, update, delete on %I to rollbook_app', name);
  end loop;
end $$;
