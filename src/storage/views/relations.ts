import { IS_SCHOOL } from '../is-school.ts';

/** Objects of a view that belong to an object of another: the condition on the view's id. Only what is active on the whole way counts. */
export interface Relation {
  /** SQL over the view's tables. `parent`: the placeholder of the parent's id. */
  condition(this: void, parent: string): string;
}

/** The object itself, of another view over the same table: a class and its group have one id. */
export function itself(id: 'o.id' | 'c.id' | 'p.id'): Relation {
  return { condition: (parent) => `${id} = ${parent}` };
}

/** People of a class, of users: `teacher` alone, or everybody, since teachers are members too. */
export function peopleOfClass(role?: 'teacher'): Relation {
  return {
    condition: (parent) =>
      `p.id in (select e.person_id from enrollment e join class c on c.tenant_id = e.tenant_id and c.id = e.class_id
         where e.class_id = ${parent} and e.active and c.active${role ? ` and e.role = '${role}'` : ''})`,
  };
}

/** Classes of a person, of classes. */
export function classesOfPerson(role?: 'teacher'): Relation {
  return {
    condition: (parent) =>
      `c.id in (select e.class_id from enrollment e join person p on p.tenant_id = e.tenant_id and p.id = e.person_id
         where e.person_id = ${parent} and e.active and p.active${role ? ` and e.role = '${role}'` : ''})`,
  };
}

/** The school of a class, of schools. */
export const schoolOfClass: Relation = {
  condition: (parent) => `o.id in (select c.org_id from class c where c.id = ${parent} and c.active)`,
};

/** Classes of a school, of classes. */
export const classesOfSchool: Relation = {
  condition: (parent) =>
    `c.org_id = ${parent} and exists (select from org o where o.id = ${parent} and o.active and ${IS_SCHOOL})`,
};

/** People with a role in a school, of users. */
export const peopleOfSchool: Relation = {
  condition: (parent) =>
    `p.id in (select r.person_id from role r join org o on o.tenant_id = r.tenant_id and o.id = r.org_id
       where r.org_id = ${parent} and r.active and o.active and ${IS_SCHOOL})`,
};

/** Schools that a person has a role in, of schools. */
export const schoolsOfPerson: Relation = {
  condition: (parent) =>
    `o.id in (select r.org_id from role r join person p on p.tenant_id = r.tenant_id and p.id = r.person_id
       where r.person_id = ${parent} and r.active and p.active)`,
};

/** Roles of a person, of roles. */
export const rolesOfPerson: Relation = { condition: (parent) => `r.person_id = ${parent}` };

/** Contacts of a student, of contacts. */
export const contactsOfPerson: Relation = { condition: (parent) => `r.person_id = ${parent}` };

/** Places of a person, of enrollments. */
export const enrollmentsOfPerson: Relation = { condition: (parent) => `e.person_id = ${parent}` };

/** Places in a class, of enrollments. */
export const enrollmentsOfClass: Relation = { condition: (parent) => `e.class_id = ${parent}` };

/**
 * Academic sessions of a class, of sessions: the one that it points at, and the others, which it has by their source ids: those are ids
 * of the source system that the class is linked to.
 */
export const sessionsOfClass: Relation = {
  condition: (parent) =>
    `s.id in (select c.academic_session_id from class c where c.id = ${parent}
       union all
       select there.object_id from class c
         cross join lateral unnest(string_to_array(c.attributes ->> 'otherSessions', ',')) other(source_id)
         join link own on own.tenant_id = c.tenant_id and own.object_id = c.id and own.kind = 'class'
         join link there on there.tenant_id = own.tenant_id and there.source_system_id = own.source_system_id
          and there.kind = 'academicSession' and there.source_id = other.source_id
        where c.id = ${parent})`,
};
