import type { FastifyInstance } from 'fastify';

import { READ_PROFILES } from '#core/permissions.ts';
import { invalidSkipToken, parseQueryOptions } from '#core/query/query-options.ts';
import { RUN_STATES, type RunState } from '#core/run/run-state.ts';
import { isUuid } from '#engine/profiles/profile-context.ts';
import { listTenantRuns } from '#engine/profiles/read-runs.ts';
import { InvalidRequestError } from '#lib/errors.ts';
import type { RunFilter, RunMoment } from '#storage/runs/read-runs.ts';

import { requirePermission } from '../auth/require-permission.ts';
import type { HttpContext } from '../context.ts';
import { queryPairs } from '../odata/read-query.ts';
import { runJson } from './run-json.ts';
import { splitFilters } from './split-filters.ts';

const PAGE_SIZE = 50;
const FILTERS = ['profileId', 'state', 'from', 'to'] as const;
type FilterName = (typeof FILTERS)[number];

/** GET /api/v1/runs: the runs of all profiles, the newest first, page by page; filters profileId, state, from and to. */
export function registerListRuns(scope: FastifyInstance, context: HttpContext): void {
  scope.get('/runs', { onRequest: requirePermission(context, READ_PROFILES) }, async (request) => {
    const { filters, others } = splitFilters(queryPairs(request.url), FILTERS);
    const { top, skipToken } = parseQueryOptions(others, { typeName: 'run', properties: {} }, [
      '$top',
      '$skiptoken',
    ]);
    const limit = top ?? PAGE_SIZE;
    // One more than asked for tells whether there is a next page, which begins behind the last run of this one.
    const page = {
      afterId: skipToken === undefined ? undefined : readSkipToken(skipToken),
      limit: limit + 1,
    };
    const runs = await listTenantRuns(
      context.profiles,
      request.caller.tenantId,
      readRunFilter(filters),
      page,
    );
    const shown = runs.slice(0, limit);
    const last = shown.at(-1);
    return {
      value: shown.map(runJson),
      ...(last !== undefined && runs.length > shown.length
        ? { '@odata.nextLink': nextLinkOf(request.baseUrl, filters, others, skipTokenOf(last.id)) }
        : {}),
    };
  });
}

/** The same request behind that run: absolute, with all its options. */
function nextLinkOf(
  baseUrl: string,
  filters: ReadonlyMap<FilterName, string>,
  others: readonly [string, string][],
  token: string,
): string {
  const options = others
    .map(([name, value]) => [name.startsWith('$') ? name : `$${name}`, value] as const)
    .filter(([name]) => name.toLowerCase() !== '$skiptoken');
  const pairs = [...filters, ...options, ['$skiptoken', token] as const];
  return `${baseUrl}/api/v1/runs?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

function readRunFilter(filters: ReadonlyMap<FilterName, string>): RunFilter {
  const from = readMoment('from', filters.get('from'));
  const to = readMoment('to', filters.get('to'));
  if (from !== undefined && to !== undefined && momentMs(from) > momentMs(to) + slackMs(from, to))
    throw new InvalidRequestError('from is after to: no run can be between them.', 'from');
  return {
    profileId: filters.get('profileId')?.toLowerCase(),
    states: readStates(filters.get('state')),
    from,
    to,
  };
}

function readStates(text: string | undefined): readonly RunState[] | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((word) => {
    const state = RUN_STATES.find((known) => known === word.trim().toLowerCase());
    if (state === undefined)
      throw new InvalidRequestError(
        `state: '${word.trim().slice(0, 40)}' is none of ${RUN_STATES.join(', ')}. Several are separated by commas.`,
        'state',
      );
    return state;
  });
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/u;

function readMoment(name: 'from' | 'to', text: string | undefined): RunMoment | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  // Date.parse lets 31 February pass as 3 March, and a year 0, which the database does not have.
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/u.test(text) &&
    !text.startsWith('0000') &&
    new Date(time).toJSON()?.startsWith(text);
  if (isDay) return { day: text };
  if (MOMENT.test(text) && !Number.isNaN(time)) return { moment: new Date(time) };
  throw new InvalidRequestError(
    `${name}: '${text.slice(0, 40)}' is no date. Write 2026-09-01, or 2026-09-01T08:00:00Z.`,
    name,
  );
}

function momentMs(moment: RunMoment): number {
  return 'day' in moment ? Date.parse(moment.day) : moment.moment.getTime();
}

/** A moment may lie anywhere in a day, and the day in any time zone: what is left between them is empty by itself. */
function slackMs(from: RunMoment, to: RunMoment): number {
  return 'day' in from === 'day' in to ? 0 : 2 * 86_400_000;
}

function skipTokenOf(runId: string): string {
  return Buffer.from(`run:${runId}`, 'utf8').toString('base64url');
}

function readSkipToken(token: string): string {
  const id = /^run:(.*)$/u.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (id === undefined || !isUuid(id)) throw invalidSkipToken();
  return id;
}
