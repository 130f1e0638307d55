import { pluralOf } from '#core/plan/verdict-reason.ts';

import type { PlanAnswer, PlanItemAnswer, SchoolAnswer } from '../client/plan-answers.ts';
import { formatCount, plural, printable } from './format.ts';
import type { Paint } from './paint.ts';
import { textTable } from './text-table.ts';

const SHOWN_SCHOOLS = 20;

/** A plan for people: what it would change in all, by school, what holds it, and whether the files are proven whole. */
export function planLines(plan: PlanAnswer, paint: Paint): string[] {
  if (plan.itemCount === 0) return [paint.bold('Nothing would change.'), ...certificateLines(plan)];
  const right = { align: 'right' as const };
  return [
    paint.bold(`${plural(plan.itemCount, 'change')} would be made.`),
    ...textTable(
      [
        { title: 'what' },
        { title: 'action' },
        { title: 'changes', ...right },
        { title: 'held', ...right },
        { title: 'failed', ...right },
      ],
      plan.counts.map(({ kind, action, items, held, failed }) => [
        pluralOf(kind),
        action,
        ...[items, held, failed].map(formatCount),
      ]),
    ),
    '',
    ...schoolLines(plan),
    ...reasonLines(plan, paint),
    ...certificateLines(plan),
  ];
}

function schoolLines({ schools }: PlanAnswer): string[] {
  const named = schools.value.filter(({ school }) => school !== '');
  if (named.length === 0) return [];
  const right = { align: 'right' as const };
  const of = ({ counts }: SchoolAnswer, ...actions: string[]): number =>
    counts.filter(({ action }) => actions.includes(action)).reduce((sum, { items }) => sum + items, 0);
  const shown = named.toSorted((a, b) => b.held - a.held || b.items - a.items).slice(0, SHOWN_SCHOOLS);
  const more = named.length - shown.length;
  return [
    ...textTable(
      [
        { title: 'school' },
        { title: 'name' },
        { title: 'new', ...right },
        { title: 'changed', ...right },
        { title: 'ended', ...right },
        { title: 'moved', ...right },
        { title: 'held', ...right },
      ],
      shown.map((school) => [
        printable(school.school),
        printable(school.name ?? ''),
        ...[
          of(school, 'create', 'link', 'reactivate'),
          of(school, 'update'),
          of(school, 'deactivate', 'end'),
          of(school, 'move'),
          school.held,
        ].map(formatCount),
      ]),
    ),
    ...(more > 0 || schools['@odata.nextLink'] !== undefined
      ? [`  ... and more schools: use --json, or --items --school <id>`]
      : []),
    '',
  ];
}

function reasonLines({ verdict, holds }: PlanAnswer, paint: Paint): string[] {
  if (verdict.reasons.length === 0) return [paint.green('Within all limits.')];
  const title =
    verdict.outcome === 'held'
      ? 'The plan is held as a whole:'
      : verdict.outcome === 'partlyHeld'
        ? 'A part of it is held, the rest is not:'
        : 'It is beyond limits, and the profile applies it all the same:';
  const waiting = holds.filter(({ decision, scope }) => decision === null && scope !== 'addsOnly');
  return [
    paint.yellow(title),
    ...verdict.reasons.map(({ message }) => `  - ${printable(message)}`),
    ...(waiting.length > 0
      ? [
          `  (${waiting.map(({ id, itemCount }) => `${printable(id)}: ${formatCount(itemCount)}`).join(', ')} changes held)`,
        ]
      : []),
  ];
}

function certificateLines({ certificate }: PlanAnswer): string[] {
  if (certificate == null) return [];
  const unproven = certificate.files.filter(({ proof }) => proof === null);
  return [
    unproven.length === 0
      ? 'Every file is proven whole.'
      : `Not proven whole: ${unproven.map(({ file, rows }) => `${file} (${formatCount(rows)} rows)`).join(', ')}.`,
  ];
}

/** Items of a plan, one line each and one for every property that changes. */
export function itemLines(items: readonly PlanItemAnswer[], paint: Paint): string[] {
  return items.flatMap((item) => {
    const where = item.file === null ? '' : ` (${item.file}${item.line === null ? '' : `:${item.line}`})`;
    const state = item.state === 'planned' || item.state === 'applied' ? '' : ` [${item.state}]`;
    const record = item.action === 'create' ? item.after : item.changes.length === 0 ? item.before : null;
    return [
      `${paint.bold(item.action)} ${item.kind} ${printable(item.sourceId ?? '?')}, school ${printable(item.school ?? '-')}: ${item.reason}${where}${state}`,
      ...item.changes.map(
        ({ property, before, after }) => `    ${property}: ${shown(before)} -> ${shown(after)}`,
      ),
      ...(record === null ? [] : [`    ${printable(recordText(record))}`]),
      ...(item.failure === null
        ? []
        : [`    ${printable(`${item.failure.code}: ${item.failure.message ?? ''}`)}`]),
    ];
  });
}

function recordText(record: Readonly<Record<string, unknown>>): string {
  return Object.entries(record)
    .filter(([, value]) => value !== null)
    .map(([property, value]) => `${property}: ${shown(value)}`)
    .join(', ');
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '(none)';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
