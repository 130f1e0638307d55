-- 0009 run totals: what the status says of a run, a line instead of the whole of its counts, which pollers would unpack every few seconds.

create function run_totals(counts jsonb) returns json language sql immutable parallel safe as $$
  select json_build_object(
           'records', sum((k.value ->> 'records')::bigint), 'created', sum((k.value ->> 'created')::bigint),
           'linked', sum((k.value ->> 'linked')::bigint), 'updated', sum((k.value ->> 'updated')::bigint),
           'reactivated', sum((k.value ->> 'reactivated')::bigint), 'ended', sum((k.value ->> 'ended')::bigint),
           'badRows', (select coalesce(sum((f ->> 'badRows')::bigint), 0) from jsonb_array_elements(counts -> 'files') f),
           'filesToConfirm', coalesce(counts -> 'filesToConfirm', '[]'))
    from jsonb_each(counts -> 'kinds') k
  having counts is not null
$$;
comment on function run_totals(jsonb) is 'run.counts as the status of a profile needs them: sums over all kinds (null: nothing was counted), rows that were dropped, files to confirm by name';

alter table run add column totals json generated always as (run_totals(counts)) stored;
comment on column run.totals is 'run_totals(counts)';
