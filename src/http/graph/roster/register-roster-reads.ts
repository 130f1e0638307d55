import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import { registerGetClass } from './get-class.ts';
import { registerGetSchool } from './get-school.ts';
import { registerGetUser } from './get-user.ts';
import { registerListClassMembers } from './list-class-members.ts';
import { registerListClassSchools } from './list-class-schools.ts';
import { registerListClassTeachers } from './list-class-teachers.ts';
import { registerListClasses } from './list-classes.ts';
import { registerListSchoolClasses } from './list-school-classes.ts';
import { registerListSchoolUsers } from './list-school-users.ts';
import { registerListSchools } from './list-schools.ts';
import { registerListUserClasses } from './list-user-classes.ts';
import { registerListUserSchools } from './list-user-schools.ts';
import { registerListUserTaughtClasses } from './list-user-taught-classes.ts';
import { registerListUsers } from './list-users.ts';
import { rosterRoutes } from './roster-route.ts';

/** Reading the directory back. `scope`: that of /v1.0 or /beta. */
export function registerRosterReads(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  const routes = rosterRoutes(scope, context, version);
  for (const register of [
    registerListSchools,
    registerGetSchool,
    registerListSchoolClasses,
    registerListSchoolUsers,
    registerListClasses,
    registerGetClass,
    registerListClassMembers,
    registerListClassTeachers,
    registerListClassSchools,
    registerListUsers,
    registerGetUser,
    registerListUserClasses,
    registerListUserSchools,
    registerListUserTaughtClasses,
  ])
    register(routes);
}
