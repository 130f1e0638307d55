import { FINDING_CODES, type Severity } from '#core/findings.ts';
import { type FindingGroup, type FindingPlace, SEVERITIES } from '#core/validate/finding-groups.ts';
import { countFindings, type ValidationReport } from '#core/validate/validation-report.ts';

import { formatCount, plural, printable, wrap } from './format.ts';
import type { Paint } from './paint.ts';
import { textTable } from './text-table.ts';
import {
  exampleText,
  placeName,
  formatSentence,
  SEVERITY_WORDS,
  verdictSentence,
} from './validation-text.ts';

const SHOWN_VALUE = 40;

/** A report for a terminal: the files, what was found by severity and code, and what a sync would do. */
export function validationLines(report: ValidationReport, paint: Paint, width: number): string[] {
  const { folder, format, files, total, groups } = report;
  const faulty = total.bad === 0 ? '' : `, ${formatCount(total.bad)} faulty`;
  return [
    `${printable(folder)}: ${plural(files.length, 'file')}, ${plural(total.rows, 'row')}${faulty}`,
    ...wrap(formatSentence(format), width),
    ...(total.good === total.rows ? [] : ['', ...shareLines(report)]),
    ...SEVERITIES.flatMap((severity) => {
      const mine = groups.filter((group) => group.severity === severity);
      if (mine.length === 0) return [];
      const { title, meaning } = SEVERITY_WORDS[severity];
      const heading = `${title}: ${formatCount(countFindings(report, severity))}`;
      const [first = '', ...rest] = wrap(`${heading}. ${meaning}`, width);
      return [
        '',
        first.replace(heading, paint.bold(paintSeverity(severity, heading, paint))),
        ...rest,
        ...mine.flatMap((group) => ['', ...groupLines(group, paint, width)]),
      ];
    }),
    '',
    ...wrap(verdictSentence(report), width).map((line) =>
      report.stop !== null ? paint.red(line) : total.bad > 0 ? paint.yellow(line) : paint.green(line),
    ),
  ];
}

function shareLines({ files, total }: ValidationReport): string[] {
  const right = { align: 'right' as const };
  const rows = [...files, { file: 'all', ...total }];
  return textTable(
    [
      { title: 'file' },
      { title: 'rows', ...right },
      { title: 'good', ...right },
      { title: 'warned', ...right },
      { title: 'waiting', ...right },
      { title: 'faulty', ...right },
    ],
    rows.map(({ file, rows: all, good, warned, waiting, bad }) => [
      file,
      ...[all, good, warned, waiting, bad].map(formatCount),
    ]),
  );
}

function groupLines(group: FindingGroup, paint: Paint, width: number): string[] {
  const { code, severity, places, dependants } = group;
  const { title, remedy } = FINDING_CODES[code];
  const rows = severity === 'fatal' ? '' : `: ${plural(group.rowCount, 'row')}`;
  const [first = '', ...rest] = wrap(`${title}${rows} [${code}]`, width);
  return [
    paintSeverity(severity, first, paint),
    ...rest.map((line) => paintSeverity(severity, line, paint)),
    ...places.flatMap((place) => placeLines(place, group, paint, width)),
    ...(dependants.length === 0
      ? []
      : [
          ...wrap('Rows that name these records wait for them:', width, '  '),
          ...dependants.flatMap((place) =>
            wrap(`${placeName(place)}: ${plural(place.rowCount, 'row')}`, width, '    '),
          ),
        ]),
    ...hang(`-> ${remedy}`, width, '  '),
  ];
}

function placeLines(place: FindingPlace, group: FindingGroup, paint: Paint, width: number): string[] {
  const { examples, rowCount } = place;
  const rows = group.severity === 'fatal' && rowCount === 1 ? '' : `: ${plural(rowCount, 'row')}`;
  const left = rowCount - examples.length;
  return [
    ...wrap(printable(`${placeName(place)}${rows}`), width, '  ').map((line) => paint.bold(line)),
    ...examples.flatMap((finding) => hang(printable(exampleText(finding, SHOWN_VALUE)), width, '    ')),
    ...(left === 0 || examples.length === 0 ? [] : [paint.dim(`    ... and ${formatCount(left)} more`)]),
  ];
}

/** Wrapped, with words too long for the terminal cut at its edge; what follows the first line is indented. */
function hang(text: string, width: number, indent: string): string[] {
  const room = width - indent.length - 2;
  const words = text.replace(new RegExp(String.raw`\S{${room}}(?=\S)`, 'gu'), '$& ');
  const lines = wrap(words, room);
  return lines.map((line, index) => `${indent}${index === 0 ? '' : '  '}${line}`);
}

function paintSeverity(severity: Severity, text: string, paint: Paint): string {
  if (severity === 'fatal' || severity === 'error') return paint.red(text);
  return severity === 'warning' ? paint.yellow(text) : paint.dim(text);
}
