import { allowedOf, DEFAULT_LIMITS } from '#core/plan/limits.ts';
import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { FileSummary } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { wantsContacts } from './bind-header.ts';
import { type FileDefinition, type FileName, type FormatDefinition, looseTitle } from './format.ts';
import { DROPPED, PRESENT } from './id-table.ts';
import { DETAIL_GROUPS } from './person-details.ts';
import type { RosterState } from './roster-state.ts';

/** As many students may lose all their contacts in one run without a question. Source: the default limit of what may leave. */
const LIMIT = DEFAULT_LIMITS.plan.deactivate;

/** The file that names the contacts of students; null: the format has none. */
export function contactsFileOf({ files }: FormatDefinition): FileName | null {
  const file =
    files.find(({ describes }) => describes === 'contacts') ??
    files.find(({ columns }) => columns.some(({ part }) => part === 'contact'));
  return file?.name ?? null;
}

/**
 * After the students: more of them lost all contacts than leave a school unasked, or all that had some did. As with a file that has no rows,
 * that is more likely a broken export than so many families without an address.
 * @returns the file to confirm; null: all is well.
 */
export function contactsGone(
  { delta, details, mapping }: RosterState,
  format: FormatDefinition,
  students: FileDefinition,
  confirmedFiles: readonly string[],
): FileName | null {
  const { describedBefore, describedNoMore } = delta;
  const file = contactsFileOf(format);
  if (describedNoMore === 0 || (file !== null && confirmedFiles.includes(file))) return null;
  const wanted = mapping.optionalProperties.student;
  // The columns are not wanted any more: that is a decision of somebody.
  const chosen =
    file !== students.name || wanted === null || wantsContacts(students, new Set(wanted.map(looseTitle)));
  if (!chosen) return null;
  const many = describedNoMore > allowedOf(LIMIT, describedBefore);
  return many || details.rows === 0 ? (file ?? students.name) : null;
}

/** Rows about students who are not in the roster, or were dropped from it. Rows of the first kind are bad. */
export function reportStrangers(
  state: RosterState,
  format: FormatDefinition,
  findings: FindingCollector,
  summaries: FileSummary[],
): void {
  const { delta, details, hash, students } = state;
  const definition = format.files.find(({ describes }) => describes === 'contacts');
  if (definition === undefined) return;
  const field = must(definition.columns.find(({ property }) => property === 'person')).title;
  const studentsFile = state.fileOf('student');
  let missing = 0;
  for (const { id, index, line } of details.strangers(DETAIL_GROUPS.contacts, students, PRESENT)) {
    const waits =
      (index !== -1 && students.states[index] === DROPPED) ||
      // In a row that could not be read, perhaps.
      (state.unreadableRows.has(studentsFile) && isKnown(id));
    if (!waits) missing += 1;
    findings.report(
      { code: waits ? 'REFERENCE_DROPPED' : 'REFERENCE_NOT_FOUND', file: definition.name, field },
      () => ({
        line,
        kind: 'student',
        sourceId: id,
        value: id,
        message: waits
          ? `The record that ${field} names was dropped from ${studentsFile}; this row waits for it.`
          : `${field} "${id.slice(0, 64)}" is not in ${studentsFile}.`,
      }),
    );
  }
  const at = summaries.findIndex(({ file }) => file === definition.name);
  const summary = summaries[at];
  if (summary !== undefined) summaries[at] = { ...summary, badRows: summary.badRows + missing };

  function isKnown(id: string): boolean {
    const bytes = Buffer.from(id);
    hash.beginKey(RECORD_CODES.student);
    hash.addBytes(bytes, 0, bytes.length);
    hash.endKey();
    return delta.knows(hash.key);
  }
}

/** Students whose contacts could not all be read: none was taken for gone. */
export function reportKept(
  findings: FindingCollector,
  { details }: RosterState,
  file: FileName | null,
): void {
  const { kept } = details;
  if (kept === 0 || file === null) return;
  findings.report({ code: 'ABSENCE_NOT_PROVEN', file, field: 'contacts' }, () => ({
    kind: 'student',
    message: `Of ${kept} students no contact was removed: some of what ${file} says of them could not be read or taken.`,
  }));
}
