import type { FindingCode } from '#core/findings.ts';
import { allowedOf, DEFAULT_LIMITS } from '#core/plan/limits.ts';
import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import type { FileSummary } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import { wantsContacts } from './bind-header.ts';
import { type FileDefinition, type FileName, type FormatDefinition, looseTitle } from './format.ts';
import { DROPPED, type IdTable, PRESENT, UNKNOWN, WITHDRAWN } from './id-table.ts';
import { DETAIL_GROUPS, type DetailGroup, type DetailName } from './person-details.ts';
import { messageOfWithdrawn, type RosterState } from './roster-state.ts';

/** As many students may lose all their contacts in one run without a question. Source: the default limit of what may leave. */
const LIMIT = DEFAULT_LIMITS.plan.deactivate;

const GROUP_NAMES = Object.keys(DETAIL_GROUPS) as DetailName[];

/** The file that says something of a group; null: the format has none. */
export function fileOfDetail({ files }: FormatDefinition, name: DetailName): FileName | null {
  const file =
    files.find(({ describes }) => describes === name) ??
    (name === 'contacts'
      ? files.find(({ columns }) => columns.some(({ part }) => part === 'contact'))
      : undefined);
  return file?.name ?? null;
}

/** Of one group: people of whom something was said before and nothing now. */
export interface DetailsGone {
  readonly file: FileName;
  readonly name: DetailName;
  readonly people: number;
  readonly before: number;
}

/**
 * After the people: more of them lost all contacts (demographics, flags) than leave a school unasked, or all that had some did. As with a file
 * that has no rows, that is more likely a broken export than so many families without an address.
 */
export function detailsGone(
  { delta, details, mapping }: RosterState,
  format: FormatDefinition,
  peopleFile: FileDefinition,
  confirmedFiles: readonly string[],
): DetailsGone[] {
  return GROUP_NAMES.flatMap((name): DetailsGone[] => {
    const group = DETAIL_GROUPS[name];
    const before = delta.describedBefore[group.number] ?? 0;
    const people = delta.describedNoMore[group.number] ?? 0;
    const file = fileOfDetail(format, name);
    if (people === 0 || file === null || confirmedFiles.includes(file)) return [];
    const wanted = mapping.optionalProperties.student;
    // The columns are not wanted any more: that is a decision of somebody.
    const chosen =
      file !== peopleFile.name ||
      wanted === null ||
      wantsContacts(peopleFile, new Set(wanted.map(looseTitle)));
    const many = people > allowedOf(LIMIT, before) || details.countOf(group) === 0;
    return chosen && many ? [{ file, name, people, before }] : [];
  });
}

/** Rows about people who are not in the roster, were dropped from it, or are withdrawn. Rows of the first kind are bad. */
export function reportStrangers(
  state: RosterState,
  format: FormatDefinition,
  findings: FindingCollector,
  summaries: FileSummary[],
): void {
  // Of a file that is cut off, or whose roles are, nobody can tell who is not in it.
  if (state.unusable.has(state.fileOf('student'))) return;
  for (const definition of format.files) {
    const { describes } = definition;
    if (describes === undefined || describes === 'shared') continue;
    const missing = reportStrangersOf(state, definition, DETAIL_GROUPS[describes], findings);
    const at = summaries.findIndex(({ file }) => file === definition.name);
    const summary = summaries[at];
    if (summary !== undefined) summaries[at] = { ...summary, badRows: summary.badRows + missing };
  }
}

/** @returns how many rows are about people of whom nobody knows. */
function reportStrangersOf(
  state: RosterState,
  definition: FileDefinition,
  group: DetailGroup,
  findings: FindingCollector,
): number {
  const { delta, details, hash, students, teachers } = state;
  const field = must(definition.columns.find(({ property }) => property === 'person')).title;
  const peopleFile = state.fileOf('student');
  const stateIn = (table: IdTable, id: Buffer): number => {
    const index = table.find(id, 0, id.length);
    return index === -1 ? UNKNOWN : (table.states[index] as number);
  };
  const isKnown = (id: Buffer): boolean => {
    hash.beginKey(RECORD_CODES.student);
    hash.addBytes(id, 0, id.length);
    hash.endKey();
    return delta.knows(hash.key);
  };
  let missing = 0;
  for (const { id, line } of details.strangers(group, students, PRESENT)) {
    const bytes = Buffer.from(id);
    const states = [stateIn(students, bytes), state.sharedUserIds ? stateIn(teachers, bytes) : UNKNOWN];
    // Somebody without a role has no record to put it into.
    if (states.includes(PRESENT) || stateIn(state.roleless, bytes) === PRESENT) continue;
    const report = (code: FindingCode, message: string): void =>
      findings.report({ code, file: definition.name, field }, () => ({
        line,
        kind: 'student',
        sourceId: id,
        value: id,
        message,
      }));
    const waits =
      states.includes(DROPPED) ||
      // In a row that could not be read, perhaps.
      (state.unreadableRows.has(peopleFile) && isKnown(bytes));
    if (waits)
      report(
        'REFERENCE_DROPPED',
        `The record that ${field} names was dropped from ${peopleFile}; this row waits for it.`,
      );
    else if (states.includes(WITHDRAWN)) report('ROW_WITHDRAWN', messageOfWithdrawn(field));
    else {
      missing += 1;
      report('REFERENCE_NOT_FOUND', `${field} "${id.slice(0, 64)}" is not in ${peopleFile}.`);
    }
  }
  return missing;
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
