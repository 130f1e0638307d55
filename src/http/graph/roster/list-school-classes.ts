import { classesOfSchool } from '#storage/views/relations.ts';

import { answerCollection } from './answer-collection.ts';
import { idOf, type RosterRoutes } from './roster-route.ts';

/** GET /education/schools/:id/classes */
export function registerListSchoolClasses(routes: RosterRoutes): void {
  routes.scope.get('/education/schools/:id/classes', { onRequest: routes.mayRead }, (request) =>
    answerCollection(routes, request, {
      view: routes.views.classes,
      set: 'Collection(microsoft.graph.educationClass)',
      of: { view: routes.views.schools, id: idOf(request), relation: classesOfSchool },
    }),
  );
}
