import { administrativeUnitsView } from './administrative-units-view.ts';
import { classesView } from './classes-view.ts';
import { directoryUsersView } from './directory-users-view.ts';
import { groupsView } from './groups-view.ts';
import { organizationView } from './organization-view.ts';
import {
  classesOfPerson,
  classesOfSchool,
  itself,
  peopleOfClass,
  peopleOfSchool,
  schoolOfClass,
  schoolsOfPerson,
} from './relations.ts';
import { schoolsView } from './schools-view.ts';
import { usersView } from './users-view.ts';
import type { View, ViewVersion } from './view.ts';

export interface DirectoryViews {
  readonly schools: View;
  readonly classes: View;
  readonly users: View;
  readonly administrativeUnits: View;
  readonly groups: View;
  readonly directoryUsers: View;
  readonly organization: View;
}

/** Graph's education types, and its directory types over the same objects, with the ways between them. */
export function directoryViews(version: ViewVersion): DirectoryViews {
  const schools = (): View => views.schools;
  const classes = (): View => views.classes;
  const users = (): View => views.users;
  const administrativeUnits = (): View => views.administrativeUnits;
  const groups = (): View => views.groups;
  const directoryUsers = (): View => views.directoryUsers;
  const views: DirectoryViews = {
    schools: {
      ...schoolsView(version),
      navigations: {
        classes: { target: classes, relation: classesOfSchool },
        users: { target: users, relation: peopleOfSchool },
        administrativeUnit: { target: administrativeUnits, relation: itself('o.id'), single: true },
      },
    },
    classes: {
      ...classesView(version),
      navigations: {
        members: { target: users, relation: peopleOfClass() },
        teachers: { target: users, relation: peopleOfClass('teacher') },
        schools: { target: schools, relation: schoolOfClass },
        group: { target: groups, relation: itself('c.id'), single: true },
      },
    },
    users: {
      ...usersView(version),
      navigations: {
        classes: { target: classes, relation: classesOfPerson() },
        taughtClasses: { target: classes, relation: classesOfPerson('teacher') },
        schools: { target: schools, relation: schoolsOfPerson },
        user: { target: directoryUsers, relation: itself('p.id'), single: true },
      },
    },
    administrativeUnits: {
      ...administrativeUnitsView(),
      navigations: {
        members: { target: directoryUsers, relation: peopleOfSchool, ofDirectoryObjects: true },
      },
    },
    groups: {
      ...groupsView(),
      navigations: {
        members: { target: directoryUsers, relation: peopleOfClass(), ofDirectoryObjects: true },
        owners: { target: directoryUsers, relation: peopleOfClass('teacher'), ofDirectoryObjects: true },
      },
    },
    directoryUsers: {
      ...directoryUsersView(version),
      navigations: {
        memberOf: { target: groups, relation: classesOfPerson(), ofDirectoryObjects: true },
        ownedObjects: { target: groups, relation: classesOfPerson('teacher'), ofDirectoryObjects: true },
      },
    },
    organization: organizationView(),
  };
  return views;
}
