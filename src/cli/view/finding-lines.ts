import { FINDING_CODES, type Finding, type FindingCount, type Severity } from '#core/findings.ts';

import { plural, printable, wrap } from './format.ts';
import type { Paint } from './paint.ts';

const ORDER: readonly Severity[] = ['fatal', 'error', 'warning', 'information'];
const SHOWN_LINES = 3;
const WIDTH = 100;

/** What was found in files: one block per file, code and column, the worst first, with its first lines and the remedy. */
export function findingLines(
  counts: readonly FindingCount[],
  samples: readonly Finding[],
  paint: Paint,
): string[] {
  return counts
    .toSorted(
      (a, b) =>
        ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
        compare(a.file, b.file) ||
        compare(a.code, b.code) ||
        compare(a.field, b.field),
    )
    .flatMap((count) => ['', ...block(count, samples, paint)]);
}

function block(count: FindingCount, samples: readonly Finding[], paint: Paint): string[] {
  const { severity, file, field, code, rowCount } = count;
  const { title, remedy } = FINDING_CODES[code];
  const mine = samples.filter(
    (sample) => sample.file === file && sample.code === code && (sample.field ?? '') === field,
  );
  const rows = severity === 'fatal' && rowCount <= 1 ? '' : `: ${plural(rowCount, 'row')}`;
  const shown = mine.slice(0, SHOWN_LINES);
  return [
    `${paintSeverity(severity, paint)} ${paint.bold(file)}${field === '' ? '' : `, ${field}`}: ${title}${rows} [${code}]`,
    ...shown.flatMap((sample) => wrap(printable(sampleText(sample)), WIDTH, '    ')),
    ...wrap(`-> ${remedy}`, WIDTH, '    '),
  ];
}

function sampleText({ line, message }: Finding): string {
  return line === undefined ? message : `line ${line}: ${message}`;
}

function paintSeverity(severity: Severity, paint: Paint): string {
  if (severity === 'fatal' || severity === 'error') return paint.red(severity);
  return severity === 'warning' ? paint.yellow(severity) : paint.dim(severity);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
