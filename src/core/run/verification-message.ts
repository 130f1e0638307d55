/**
 * Graph's educationFileSynchronizationVerificationMessage, made from the counts of the findings: the four sentences of
 * the classic service where they fit, the catalogue's title elsewhere.
 */
import { FINDING_CODES, type FindingCode, type FindingCount, type Severity } from '../findings.ts';

export interface VerificationMessage {
  readonly type: 'Error' | 'Warning' | 'Information';
  /** Lower case, for instance `student.csv`. */
  readonly fileName: string;
  readonly description: string;
}

const ORDER: readonly Severity[] = ['fatal', 'error', 'warning', 'information'];

/** One message per file, code and field; faults of whole files first, then errors, warnings, information. */
export function verificationMessages(counts: readonly FindingCount[]): VerificationMessage[] {
  return [...counts]
    .sort(
      (a, b) =>
        ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
        compare(a.file, b.file) ||
        compare(a.field, b.field) ||
        compare(a.code, b.code),
    )
    .map((count) => ({
      type: typeOf(count.severity),
      fileName: count.file,
      description: describe(count),
    }));
}

function typeOf(severity: Severity): VerificationMessage['type'] {
  if (severity === 'fatal' || severity === 'error') return 'Error';
  return severity === 'warning' ? 'Warning' : 'Information';
}

function describe(count: FindingCount): string {
  const field = count.field === '' ? '' : `'${count.field}'`;
  const rows = `${count.rowCount} row(s)`;
  switch (count.code) {
    case 'REQUIRED_MISSING':
      return `${rows} in ${count.file} are missing data for the field ${field}.`;
    case 'DATE_INVALID':
    case 'ID_INVALID':
    case 'USERNAME_INVALID':
    case 'USERNAME_DOMAIN':
    case 'VALUE_TOO_LONG':
      return `${rows} in ${count.file} have an invalid format for the field ${field}. ${remedyOf(count.code)}`;
    case 'ID_DUPLICATE':
    case 'USERNAME_DUPLICATE':
      return `${count.rowCount} duplicate(s) were found in the column ${field} of ${count.file}, which must be unique. ${remedyOf(count.code)}`;
    case 'REFERENCE_NOT_FOUND':
    case 'REFERENCE_DROPPED':
      return `${rows} in ${count.file} reference data in the field ${field} that was not found in the source.`;
    case 'ABSENCE_NOT_PROVEN':
      return `${FINDING_CODES[count.code].title} (${count.file}, ${count.field} records). ${remedyOf(count.code)}`;
    default:
      return otherDescription(count, field);
  }
}

function otherDescription(count: FindingCount, field: string): string {
  const title = FINDING_CODES[count.code]?.title ?? count.code;
  const where = field === '' ? count.file : `${count.file}, column ${field}`;
  const rows = count.severity === 'fatal' ? '' : `: ${count.rowCount} row(s)`;
  return `${title} (${where})${rows}. ${remedyOf(count.code)}`;
}

function remedyOf(code: FindingCode): string {
  return FINDING_CODES[code]?.remedy ?? '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
