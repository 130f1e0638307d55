import type { FindingCode } from '#core/findings.ts';

import type { FindingCollector } from '../finding-collector.ts';
import type { DateColumn } from './date-columns.ts';
import { SEPARATOR_NAMES } from './find-separator.ts';
import type { FileLayout } from './inspect-file.ts';
import { ENCODING_NAMES } from './text-encoding.ts';

/** Says once per file, or column, what was assumed of how it is written. */
export function reportLayout(findings: FindingCollector, file: string, layout: FileLayout): void {
  const { encoding, separator, dateColumns } = layout;
  if (encoding !== 'utf-8') {
    const why = encoding.startsWith('windows') ? 'it is not UTF-8' : 'its first bytes say so';
    findings.report({ code: 'ENCODING_ASSUMED', file }, () => ({
      message: `${file} is read as ${ENCODING_NAMES[encoding]}: ${why}.`,
    }));
  }
  if (separator.problem === null && separator.separator !== ',') {
    const name = SEPARATOR_NAMES[separator.separator];
    findings.report({ code: 'SEPARATOR_ASSUMED', file }, () => ({
      message: `The columns of ${file} are separated by ${name}, as its first line shows.`,
    }));
  }
  for (const column of dateColumns) {
    const [code, line, message] = describeDates(column, (line) => findings.nameLine(file, line));
    findings.report({ code, file, field: column.title }, () => ({
      ...(line === null ? {} : { line }),
      message,
    }));
  }
}

function describeDates(
  column: DateColumn,
  nameLine: (line: number) => string,
): [code: FindingCode, line: number | null, message: string] {
  const { order, monthFirstLine, dayFirstLine } = column;
  switch (order) {
    case 'mixed':
      return [
        'DATE_ORDER_MIXED',
        Math.max(monthFirstLine ?? 0, dayFirstLine ?? 0),
        `In ${nameLine(monthFirstLine ?? 0)} is a date that can only be month/day/year, in ${nameLine(dayFirstLine ?? 0)} one that can only be day/month/year: nobody can tell how the others are meant.`,
      ];
    case 'monthFirst':
    case 'dayFirst': {
      const line = order === 'monthFirst' ? monthFirstLine : dayFirstLine;
      const name = order === 'monthFirst' ? 'month/day/year' : 'day/month/year';
      const why =
        line === null
          ? 'as in other columns of the file'
          : `since the date in ${nameLine(line)} fits no other order`;
      return ['DATE_ORDER_ASSUMED', line, `Dates are read as ${name}, ${why}.`];
    }
    case 'undecided':
      return [
        'DATE_AMBIGUOUS_FORMAT',
        null,
        'All dates fit two orders: with slashes they are read as month/day/year, with dots as day/month/year, with dashes not at all.',
      ];
  }
}
