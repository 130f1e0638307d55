import type { FastifyRequest } from 'fastify';
import { ForbiddenError } from '#access/access-errors.ts';
import { isAllowed, READ_ROSTER } from '#core/permissions.ts';
import { pathsOf } from '#core/query/filter.ts';
import type { QueryOptions } from '#core/query/query-options.ts';
import { leavesOf, shownLeaves, type View } from '#storage/views/view.ts';

/**
 * The paths (leaves) to answer with, in order. A caller with no more than EduRoster.ReadBasic sees the basic ones alone, and may
 * neither select, filter nor order by others: an answer would tell what they hold. Throws ForbiddenError.
 */
export function visiblePaths(
  request: FastifyRequest,
  view: View,
  options: Pick<QueryOptions, 'select' | 'filter' | 'orderBy'>,
): string[] {
  const asked = options.select?.map((path) => ({ path, leaves: leavesOf(view, path) }));
  if (isAllowed(request.caller, READ_ROSTER)) {
    return asked === undefined ? shownLeaves(view) : unique(asked.flatMap(({ leaves }) => leaves));
  }
  const used = [
    ...(options.filter === undefined ? [] : pathsOf(options.filter)),
    ...options.orderBy.map(({ path }) => path),
  ];
  for (const path of used) if (!view.basic.has(path)) throw needsMore(path);
  if (asked === undefined) return shownLeaves(view).filter((path) => view.basic.has(path));
  return unique(
    asked.flatMap(({ path, leaves }) => {
      const visible = leaves.filter((leaf) => view.basic.has(leaf));
      if (visible.length === 0) throw needsMore(path);
      return visible;
    }),
  );
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)];
}

function needsMore(path: string): ForbiddenError {
  return new ForbiddenError(
    `Insufficient privileges to complete the operation. The property "${path}" needs EduRoster.Read.All.`,
  );
}
