-- 0017 delta files: what became of the files of an upload, and the whole set that is made of a delta and the set before it.

alter table upload
  add column reading text constraint upload_reading_known check (reading in ('whole', 'merged', 'refused')),
  add column format text,
  add column base_upload_id uuid,
  add column delta_upload_id uuid;
comment on column upload.reading is 'whole: a complete set that could be read, and so a base for delta files; merged: delta files, a set was made of them; refused: it could not be read. Null: not read yet.';
comment on column upload.format is 'Of a whole set: what it was read as.';
comment on column upload.base_upload_id is 'Made by Rollbook: the whole set that the delta files were merged into. Null: the files came as they are.';
comment on column upload.delta_upload_id is 'Made by Rollbook: the upload with the delta files.';

-- What was planned had been read; what was not is no base, and was told of.
update upload u set reading = case when r.id is null then 'refused' else 'whole' end, format = r.format
  from (select u.tenant_id, u.id as upload_id, r.id, r.counts -> 'format' ->> 'name' as format
          from upload u left join lateral (select run.id, run.counts from run
                 where run.tenant_id = u.tenant_id and run.upload_id = u.id and run.planned_at is not null
                   and run.counts -> 'format' ->> 'name' is not null
                 order by run.created_at desc limit 1) r on true
         where u.state in ('sealed', 'erased') and exists (select from run o where o.tenant_id = u.tenant_id and o.upload_id = u.id
                 and o.state not in ('queued', 'staging', 'broken', 'suspended'))) r
 where u.tenant_id = r.tenant_id and u.id = r.upload_id;

-- The newest whole set of a source, and what came after it.
create index upload_sealed on upload (tenant_id, profile_id, sealed_at) where state = 'sealed';
