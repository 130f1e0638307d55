import { KIND_OF_CODE, type RecordCode } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { FindingCollector } from '../finding-collector.ts';
import type { RosterDelta } from '../roster-delta.ts';
import type { PersonRole } from './bind-header.ts';
import type { FileDefinition } from './format.ts';
import type { DetailName } from './person-details.ts';

export function reportMissing(
  findings: FindingCollector,
  { name }: FileDefinition,
  hadRecords: boolean,
  confirmed: boolean,
): void {
  if (confirmed) {
    findings.report({ code: 'FILE_EMPTY', file: name }, () => ({
      message: `${name} is missing, as confirmed: its records end.`,
    }));
    return;
  }
  findings.report({ code: 'FILE_MISSING_REQUIRED', file: name }, () => ({
    message: `${name} is missing${hadRecords ? ', and the directory has records from it' : ''}.`,
  }));
}

/** Of files that come together one is missing. */
export function reportAlone(findings: FindingCollector, { name }: FileDefinition, partner: string): void {
  findings.report({ code: 'FILE_PAIR_INCOMPLETE', file: name }, () => ({
    message: `${name} is missing, and ${partner}, which is there, says nothing without it.`,
  }));
}

/** One file was uploaded under two names: taken as it is, it would make pupils teachers. */
export function reportTwin(findings: FindingCollector, { name }: FileDefinition, twin: string): void {
  findings.report({ code: 'FILE_DUPLICATE', file: name }, () => ({
    message: `${name} has the same content as ${twin}, byte for byte; one of them has the wrong name.`,
  }));
}

export function reportEmpty(findings: FindingCollector, { name }: FileDefinition, stops: boolean): void {
  findings.report({ code: stops ? 'FILE_EMPTY_HAD_ROWS' : 'FILE_EMPTY', file: name }, () => ({
    message: stops
      ? `${name} has a header and no rows, and the directory has records from it.`
      : `${name} has a header and no rows.`,
  }));
}

export function reportPlacesGone(
  findings: FindingCollector,
  { name }: FileDefinition,
  role: PersonRole,
  before: number,
): void {
  findings.report({ code: 'FILE_EMPTY_HAD_ROWS', file: name }, () => ({
    message: `${name} names no ${role} of any class, and the directory has ${before} places of ${role}s from it.`,
  }));
}

export function reportDetailsGone(
  findings: FindingCollector,
  { file, name, people, before }: { file: string; name: DetailName; people: number; before: number },
): void {
  const what = { contacts: 'contact', demographics: 'demographics', flags: 'flag' }[name];
  findings.report({ code: 'FILE_EMPTY_HAD_ROWS', file }, () => ({
    message: `${file} names no ${what} any more of ${people} students; ${before} had some.`,
  }));
}

export function reportSpared(
  findings: FindingCollector,
  delta: RosterDelta,
  fileOf: (code: RecordCode) => string,
): void {
  for (const [code, { spared }] of delta.counts.entries()) {
    if (spared === 0) continue;
    const file = fileOf(code as RecordCode);
    const kind = must(KIND_OF_CODE[code]);
    findings.report({ code: 'ABSENCE_NOT_PROVEN', file, field: kind }, () => ({
      kind,
      message: `${spared} records (${kind}) are not in ${file}, and stay as they are: they may be in rows that could not be read.`,
    }));
  }
}
