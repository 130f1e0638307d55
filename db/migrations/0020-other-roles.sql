-- 0020 other roles: those that are neither of a student nor of staff are kept, too.

alter table reference_value drop constraint reference_value_list_known;
alter table reference_value add constraint reference_value_list_known
  check (list in ('grades', 'orgTypes', 'subjects', 'ethnicities', 'races', 'personFlags', 'staffRoles', 'studentRoles', 'otherRoles'));

comment on column role.role is 'What it counts as: student, teacher (all staff), or other (neither: it makes no account).';
