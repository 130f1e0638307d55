import { classesView } from './classes-view.ts';
import {
  classesOfPerson,
  classesOfSchool,
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
}

/** Graph's education types with the ways between them. */
export function directoryViews(version: ViewVersion): DirectoryViews {
  const schools = (): View => views.schools;
  const classes = (): View => views.classes;
  const users = (): View => views.users;
  const views: DirectoryViews = {
    schools: {
      ...schoolsView(version),
      navigations: {
        classes: { target: classes, relation: classesOfSchool },
        users: { target: users, relation: peopleOfSchool },
      },
    },
    classes: {
      ...classesView(version),
      navigations: {
        members: { target: users, relation: peopleOfClass() },
        teachers: { target: users, relation: peopleOfClass('teacher') },
        schools: { target: schools, relation: schoolOfClass },
      },
    },
    users: {
      ...usersView(version),
      navigations: {
        classes: { target: classes, relation: classesOfPerson() },
        taughtClasses: { target: classes, relation: classesOfPerson('teacher') },
        schools: { target: schools, relation: schoolsOfPerson },
      },
    },
  };
  return views;
}
