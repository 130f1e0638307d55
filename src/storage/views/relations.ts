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
