import type { Finding } from '#core/findings.ts';
import { csvCell } from '#lib/csv-cell.ts';

const COLUMNS = ['code', 'severity', 'file', 'line', 'field', 'value', 'sourceId', 'message'] as const;

/** Findings as a CSV file (RFC 4180, UTF-8) that a spreadsheet opens without taking a value for a formula. */
export function findingCsv(findings: readonly Finding[]): string {
  const lines = findings.map((finding) =>
    COLUMNS.map((column) => csvCell(finding[column] ?? null)).join(','),
  );
  return [COLUMNS.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}
