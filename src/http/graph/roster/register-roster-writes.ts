import type { FastifyInstance } from 'fastify';

import type { HttpContext } from '../../context.ts';
import type { GraphVersion } from '../../scopes.ts';
import { registerAddClassMember } from './add-class-member.ts';
import { registerAddClassTeacher } from './add-class-teacher.ts';
import { registerAddSchoolClass } from './add-school-class.ts';
import { registerAddSchoolUser } from './add-school-user.ts';
import { registerCreateClass } from './create-class.ts';
import { registerCreateSchool } from './create-school.ts';
import { registerCreateUser } from './create-user.ts';
import { registerDeleteClass } from './delete-class.ts';
import { registerDeleteSchool } from './delete-school.ts';
import { registerDeleteUser } from './delete-user.ts';
import { registerRemoveClassMember } from './remove-class-member.ts';
import { registerRemoveClassTeacher } from './remove-class-teacher.ts';
import { registerRemoveSchoolClass } from './remove-school-class.ts';
import { registerRemoveSchoolUser } from './remove-school-user.ts';
import { registerUpdateClass } from './update-class.ts';
import { registerUpdateSchool } from './update-school.ts';
import { registerUpdateUser } from './update-user.ts';
import { rosterRoutes } from './roster-route.ts';

/** Writing the directory by hand, as Graph does it. `scope`: that of /v1.0 or /beta. */
export function registerRosterWrites(
  scope: FastifyInstance,
  context: HttpContext,
  version: GraphVersion,
): void {
  const routes = rosterRoutes(scope, context, version);
  for (const register of [
    registerCreateSchool,
    registerUpdateSchool,
    registerDeleteSchool,
    registerAddSchoolClass,
    registerRemoveSchoolClass,
    registerAddSchoolUser,
    registerRemoveSchoolUser,
    registerCreateClass,
    registerUpdateClass,
    registerDeleteClass,
    registerAddClassMember,
    registerRemoveClassMember,
    registerAddClassTeacher,
    registerRemoveClassTeacher,
    registerCreateUser,
    registerUpdateUser,
    registerDeleteUser,
  ])
    register(routes);
}
