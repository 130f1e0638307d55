import type { Kind, Reason } from '#core/roster/kinds.ts';
import type { RecordCode } from '#core/roster/record-codes.ts';

/** Where an item points at nothing. */
export const NO_ENTRY = -1;

/**
 * A plan item as the stage finds it, from the roster and the snapshot alone; planning refines it in the database. Keys and
 * content are given as entries of the record index, so that 600,000 enrollments need no text for them.
 */
export interface StagedItem {
  readonly itemNo: number;
  readonly code: RecordCode;
  readonly kind: Kind;
  readonly action: 'create' | 'update' | 'end';
  readonly reason: Reason;
  readonly entry: number;
  /** Role: person; enrollment: class; class: org. */
  readonly firstEntry: number;
  /** Role: org; enrollment: person; class: course. */
  readonly secondEntry: number;
  /** Class: academic session. */
  readonly thirdEntry: number;
  /** The SIS id; role: `school/person`; enrollment: `section/person`; an end: null. */
  readonly sourceId: string | null;
  /** SIS id of the school. */
  readonly schoolId: string | null;
  /** The id of the object a create would make; roles and enrollments have none. */
  readonly objectId: string | null;
  /** The record as JSON text. */
  readonly after: string | null;
  /** The initial password, sealed. */
  readonly secret: Buffer | null;
  readonly file: string;
  /** Null for an end. */
  readonly line: number | null;
}
