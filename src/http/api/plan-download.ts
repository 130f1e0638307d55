import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from 'fastify';

import { getPlan, listPlanItems } from '#engine/profiles/read-plans.ts';
import { csvCell } from '#lib/csv-cell.ts';
import type { ItemFilter, ReadItem } from '#storage/plan/read-plan.ts';

import type { HttpContext } from '../context.ts';
import { profileIdOf } from '../graph/profiles/profile-route.ts';
import { itemFilterSchema } from './plan-item-filter.ts';
import { changesOf, itemJson } from './plan-item-json.ts';

const BATCH_ITEMS = 2_000;

const COLUMNS = [
  'itemNo',
  'state',
  'school',
  'kind',
  'action',
  'reason',
  'sourceId',
  'changes',
  'before',
  'after',
  'file',
  'line',
  'failureCode',
  'failureMessage',
] as const;

/** GET /api/v1/runs/{id}/plan/items.csv and items.jsonl: all items of a plan (or those of a filter), streamed in bounded memory. */
export function registerPlanDownload(
  scope: FastifyInstance,
  context: HttpContext,
  options: Pick<RouteShorthandOptions, 'onRequest'>,
): void {
  const formats = [
    ['csv', 'text/csv; charset=utf-8', [`${COLUMNS.join(',')}\r\n`], csvLine],
    [
      'jsonl',
      'application/jsonl; charset=utf-8',
      [],
      (item: ReadItem) => `${JSON.stringify(itemJson(item))}\n`,
    ],
  ] as const;
  for (const [ending, type, head, lineOf] of formats) {
    scope.get(`/runs/:id/plan/items.${ending}`, options, async (request, reply) => {
      const filter = itemFilterSchema.parse(request.query);
      // A plan that is not there is answered before the first byte.
      const { plan } = await getPlan(context.profiles, request.caller.tenantId, profileIdOf(request));
      const lines = readLines(context, request, plan.runId, filter, head, lineOf);
      return reply
        .type(type)
        .header('content-disposition', `attachment; filename="plan-${plan.runId}.${ending}"`)
        .send(Readable.from(lines, { objectMode: false }));
    });
  }
}

async function* readLines(
  context: HttpContext,
  request: FastifyRequest,
  runId: string,
  filter: ItemFilter,
  head: readonly string[],
  lineOf: (item: ReadItem) => string,
): AsyncGenerator<string> {
  yield* head;
  let afterNo = 0;
  for (;;) {
    const items = await listPlanItems(context.profiles, request.caller.tenantId, runId, filter, {
      afterNo,
      limit: BATCH_ITEMS,
    });
    if (items.length > 0) yield items.map(lineOf).join('');
    const last = items.at(-1);
    if (last === undefined || items.length < BATCH_ITEMS) return;
    afterNo = last.itemNo;
  }
}

function csvLine(item: ReadItem): string {
  const changes = changesOf(item)
    .map(({ property, before, after }) => `${property}: ${shown(before)} -> ${shown(after)}`)
    .join('; ');
  const cells: Readonly<Record<(typeof COLUMNS)[number], string | number | null>> = {
    ...item,
    changes,
    before: item.before === null ? '' : JSON.stringify(item.before),
    after: item.after === null ? '' : JSON.stringify(item.after),
  };
  return `${COLUMNS.map((column) => csvCell(cells[column])).join(',')}\r\n`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '(none)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
