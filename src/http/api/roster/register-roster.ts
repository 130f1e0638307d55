import type { FastifyInstance } from 'fastify';

import { READ_DEMOGRAPHICS, READ_ROSTER } from '#core/permissions.ts';
import { academicSessionsView } from '#storage/views/academic-sessions-view.ts';
import { contactsView } from '#storage/views/contacts-view.ts';
import { coursesView } from '#storage/views/courses-view.ts';
import { enrollmentsView } from '#storage/views/enrollments-view.ts';
import { orgsView } from '#storage/views/orgs-view.ts';
import { demographicsView, peopleView } from '#storage/views/people-view.ts';
import {
  contactsOfPerson,
  enrollmentsOfClass,
  enrollmentsOfPerson,
  rolesOfPerson,
  sessionsOfClass,
} from '#storage/views/relations.ts';
import { rolesView } from '#storage/views/roles-view.ts';
import { sectionsView } from '#storage/views/sections-view.ts';

import { requirePermission } from '../../auth/require-permission.ts';
import type { HttpContext } from '../../context.ts';
import { answerRosterObject, answerRosterPage, type RosterCollection } from './answer-roster.ts';

/** What rosters carry beyond Graph's education types, by address. A user may be named by user principal name, as in Graph. */
const COLLECTIONS: Readonly<Record<string, RosterCollection>> = {
  '/orgs': { view: orgsView, filters: ['type', 'parent'] },
  '/academicSessions': { view: academicSessionsView },
  '/courses': { view: coursesView },
  '/classes': { view: sectionsView },
  '/users/:id/roles': { view: rolesView, of: { view: peopleView, relation: rolesOfPerson } },
  '/users/:id/contacts': { view: contactsView, of: { view: peopleView, relation: contactsOfPerson } },
  '/users/:id/enrollments': {
    view: enrollmentsView,
    of: { view: peopleView, relation: enrollmentsOfPerson },
  },
  '/classes/:id/enrollments': {
    view: enrollmentsView,
    of: { view: sectionsView, relation: enrollmentsOfClass },
  },
  '/classes/:id/academicSessions': {
    view: academicSessionsView,
    of: { view: sectionsView, relation: sessionsOfClass },
  },
};

/** GET of the collections above; of /orgs, /academicSessions, /courses, /classes and /users with an id; /users/{id}/demographics. */
export function registerRoster(scope: FastifyInstance, context: HttpContext): void {
  const mayRead = { onRequest: requirePermission(context, READ_ROSTER) };
  const mayReadDemographics = { onRequest: requirePermission(context, READ_DEMOGRAPHICS) };
  for (const [address, collection] of Object.entries(COLLECTIONS))
    scope.get(address, mayRead, (request, reply) => answerRosterPage(context, request, reply, collection));
  for (const view of [orgsView, academicSessionsView, coursesView, sectionsView, peopleView])
    scope.get(`/${view.set}/:id`, mayRead, (request) => answerRosterObject(context, request, view));
  scope.get('/users/:id/demographics', mayReadDemographics, (request) =>
    answerRosterObject(context, request, demographicsView),
  );
}
