import { type Check, type Health, HEALTHS } from '#core/doctor/check.ts';

import { plural, printable, wrap } from './format.ts';
import type { Paint } from './paint.ts';

const WIDTH = 100;
const MARKS: Readonly<Record<Health, string>> = {
  fault: 'FAULT  ',
  warning: 'warning',
  unknown: 'unknown',
  ok: 'ok     ',
};

const COLOURS = { fault: 'red', warning: 'yellow', unknown: 'dim', ok: 'green' } as const;

/** What is wrong, the worst first, each with what to change; what is in order only when asked for. */
export function doctorLines(checks: readonly Check[], all: boolean, paint: Paint): string[] {
  const order: readonly Health[] = ['fault', 'warning', 'unknown', ...(all ? (['ok'] as const) : [])];
  const lines = order.flatMap((health) =>
    checks.filter((check) => check.health === health).flatMap((check) => checkLines(check, paint)),
  );
  return [...lines, ...(lines.length === 0 ? [] : ['']), summary(checks)];
}

function checkLines({ area, name, health, found, remedy }: Check, paint: Paint): string[] {
  const indent = ' '.repeat(MARKS.ok.length + 2);
  return [
    `${paint[COLOURS[health]](MARKS[health])}  ${paint.bold(`${area}: ${name}`)}`,
    ...wrap(printable(found), WIDTH, indent),
    ...(remedy === undefined ? [] : wrap(`-> ${printable(remedy)}`, WIDTH, indent)),
  ];
}

function summary(checks: readonly Check[]): string {
  const [ok, warnings, faults, unknown] = HEALTHS.map(
    (health) => checks.filter((check) => check.health === health).length,
  );
  const parts = [
    faults === 0 ? '' : plural(faults ?? 0, 'fault'),
    warnings === 0 ? '' : plural(warnings ?? 0, 'warning'),
    unknown === 0 ? '' : `${unknown} not looked at`,
    `${ok} in order`,
  ];
  return `${plural(checks.length, 'check')}: ${parts.filter((part) => part !== '').join(', ')}.`;
}
