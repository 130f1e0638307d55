import type { Finding, Severity } from '#core/findings.ts';
import { countFindings, type ValidationReport } from '#core/validate/validation-report.ts';

import { plural } from './format.ts';

interface FormatAnswer {
  readonly title: string;
  readonly how: string;
  readonly evidence: readonly string[];
}

/** Sentences of a report that stand on the terminal and on the page alike. */

export const SEVERITY_WORDS: Readonly<
  Record<Severity, { readonly title: string; readonly meaning: string }>
> = {
  fatal: {
    title: 'Faults of whole files',
    meaning: 'A sync would stop here and take nothing.',
  },
  error: { title: 'Errors', meaning: 'The row is left out; what the directory knew of it stays.' },
  warning: {
    title: 'Warnings',
    meaning: 'A value is left out or something was assumed; the record is taken.',
  },
  information: { title: 'Information', meaning: 'Nothing of it stops a sync.' },
};

/** What a sync of these files would do. */
export function verdictSentence(report: ValidationReport): string {
  const { bad, waiting } = report.total;
  if (report.stop !== null) return `A sync would be held: ${report.stop.message}`;
  if (bad === 0) return 'A sync would take every record.';
  const also = waiting === 0 ? '' : `, and ${plural(waiting, 'row')} that wait for them,`;
  return `A sync would leave ${plural(bad, 'faulty row')} out${also} and take the others.`;
}

/** `line 7, "x": what is wrong`; the value is left out where the message has it. */
export function exampleText({ line, value, message }: Finding, maxLength: number): string {
  const named =
    value === undefined || value === '' || message.includes(value) ? null : shorten(value, maxLength);
  const place = [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(named === null ? [] : [`"${named}"`]),
  ].join(', ');
  return place === '' ? message : `${place}: ${message}`;
}

export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).toWellFormed()}\u2026`;
}

/** `3 errors, 1 warning`; empty: nothing was found. */
export function findingSummary(report: ValidationReport): string {
  const parts: [Severity, string, string][] = [
    ['fatal', 'fault of a whole file', 'faults of whole files'],
    ['error', 'error', 'errors'],
    ['warning', 'warning', 'warnings'],
  ];
  return parts
    .map(([severity, one, many]) => ({ count: countFindings(report, severity), one, many }))
    .filter(({ count }) => count > 0)
    .map(({ count, one, many }) => plural(count, one, many))
    .join(', ');
}

export function placeName({ file, field }: { readonly file: string; readonly field: string }): string {
  return field === '' ? file : `${file}, ${field}`;
}

/** `Clever CSV (detected): 5 of its 5 files are there: ...` */
export function formatSentence({ title, how, evidence }: FormatAnswer): string {
  return `${how === 'unknown' ? title : `${title} (${how})`}: ${evidence.join(' ')}`;
}
