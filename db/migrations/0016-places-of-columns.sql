
-- 0016 places for what formats carry: class type and room of OneRoster were read, and had no place in the directory.

update class c
   set attributes = c.attributes || jsonb_strip_nulls(jsonb_build_object('classType', l.attributes -> 'classType', 'location', l.attributes -> 'location'))
  from link l
 where l.tenant_id = c.tenant_id and l.object_id = c.id and l.kind = 'class' and l.attributes ?| array['classType', 'location'];

-- Roles of exporters (ext:...) that a tenant takes for roles of staff or of students.
alter table reference_value drop constraint reference_value_list_known;
alter table reference_value add constraint reference_value_list_known
  check (list in ('grades', 'orgTypes', 'subjects', 'ethnicities', 'races', 'personFlags', 'staffRoles', 'studentRoles'));
