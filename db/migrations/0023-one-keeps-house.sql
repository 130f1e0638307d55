-- 0023 one keeps house: of many processes one an hour.

alter table installation add column kept_house_at timestamptz;
comment on column installation.kept_house_at is 'When a process began to keep house last. Null: none did yet.';
