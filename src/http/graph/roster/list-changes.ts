import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationalError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import { readChangePosition } from '#storage/views/read-changes.ts';
import type { View } from '#storage/views/view.ts';

import {
  begins,
  DELTA_OPTIONS,
  invalidDeltaToken,
  isLatest,
  readDeltaQuery,
} from '../../odata/delta-query.ts';
import {
  openDeltaPage,
  openDeltaToken,
  sealDeltaPage,
  sealDeltaToken,
  type DeltaPage,
} from '../../odata/delta-token.ts';
import { pageSizeOf } from '../../odata/page-size.ts';
import { queryPairs } from '../../odata/read-query.ts';
import { DELTA_TOKEN_DAYS } from '#core/query/delta-links.ts';
import { invalidSkipToken } from '#core/query/query-options.ts';
import type { EntitySet } from './entity-set.ts';
import { readDeltaPage } from './read-delta-page.ts';
import type { RosterRoutes } from './roster-route.ts';
import { visiblePaths } from './visible-paths.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A page of a round of which nothing was told yet. `key` undefined: it is the first one. */
export type DeltaStart = Omit<DeltaPage, 'key'> & { readonly key: DeltaPage['key'] | undefined };

/**
 * GET /education/classes/delta (and schools, users): everything there is, then with each `@odata.deltaLink` what changed since, in the
 * order of changes. What changes while a round is read is told by the next one; nothing is told twice in one.
 */
export function registerListChanges(routes: RosterRoutes, { view, mayList }: EntitySet): void {
  if (view.changes === undefined) return;
  routes.scope.get(
    `/${view.set}/delta`,
    { onRequest: mayList, config: { queryOptions: DELTA_OPTIONS } },
    (request, reply) => answerChanges(routes, request, reply, view),
  );
}

async function answerChanges(
  routes: RosterRoutes,
  request: FastifyRequest,
  reply: FastifyReply,
  view: View,
): Promise<Record<string, unknown>> {
  const { context, version } = routes;
  const box = context.secretBox;
  const path = `/${version}/${view.set}/delta`;
  const query = readDeltaQuery(queryPairs(request.url), view, view.changes?.members === true);
  const link = (option: string): string => `${request.baseUrl}${path}?${option}`;
  const answer = await inTenant(
    context.db,
    request.caller.tenantId,
    async (tx) => {
      const position = await readChangePosition(tx);
      const start = startOf();
      const { tenantId, at, from, until } = start;
      const isOurs = tenantId === request.caller.tenantId && start.path === path;
      if (!isOurs) throw query.skipToken === undefined ? invalidDeltaToken() : invalidSkipToken();
      const age = position.now.getTime() - at;
      // A counter behind the token: the database is an older one than the token was made with.
      const forgotten = start.members && from !== null && from < position.forgottenSeq;
      if (
        age > DELTA_TOKEN_DAYS * DAY_MS ||
        forgotten ||
        until > position.seq ||
        (from ?? until) < position.restoredSeq ||
        (from ?? 0) > position.seq
      ) {
        reply.header('location', link('$deltatoken='));
        throw new OperationalError(
          'syncStateNotFound',
          `The link is older than ${DELTA_TOKEN_DAYS} days, or the directory was restored. Begin again at the address in Location.`,
        );
      }
      const select = start.select ?? undefined;
      const paths = visiblePaths(request, view, { select, filter: undefined, orderBy: [] });
      const { value, key } = isLatest(query.deltaToken)
        ? { value: [], key: undefined }
        : await readDeltaPage(tx, { view, paths, start });
      const common = { tenantId, path, select: start.select, members: start.members, top: start.top };
      return {
        value,
        ...(key === undefined
          ? {
              '@odata.deltaLink': link(
                `$deltatoken=${sealDeltaToken(box, { ...common, from: until, at: position.now.getTime() })}`,
              ),
            }
          : {
              '@odata.nextLink': link(
                `$skiptoken=${sealDeltaPage(box, { ...common, from, until, at, key })}`,
              ),
            }),
      };

      function startOf(): DeltaStart {
        if (query.skipToken !== undefined) {
          const page = openDeltaPage(box, query.skipToken);
          if (page === undefined) throw invalidSkipToken();
          return page;
        }
        if (query.deltaToken === undefined || begins(query.deltaToken)) {
          return {
            tenantId: request.caller.tenantId,
            path,
            at: position.now.getTime(),
            select: query.select === undefined ? null : [...query.select],
            members: query.members,
            top: pageSizeOf(request, reply, query.top),
            from: null,
            until: position.seq,
            key: undefined,
          };
        }
        const round = openDeltaToken(box, query.deltaToken);
        if (round === undefined) throw invalidDeltaToken();
        return { ...round, until: Math.max(position.seq, round.from), key: undefined };
      }
    },
    // One view of the data for all statements of a page.
    { readOnly: true, isolation: 'repeatable read' },
  );
  const type = view.typeName.replace(/^microsoft\.graph\./u, '');
  return {
    '@odata.context': `${request.baseUrl}/${version}/$metadata#Collection(${type})`,
    ...answer,
  };
}
