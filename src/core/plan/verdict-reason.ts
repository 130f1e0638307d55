/** Why a plan, or a part of it, waits: codes for programs and the words for people. */
import type { Kind } from '../roster/kinds.ts';
import type { JudgedAction, JudgedKind } from './limits.ts';

export type VerdictCode =
  | 'tooManyCreates'
  | 'tooManyUpdates'
  | 'tooManyEndings'
  | 'tooManyMoves'
  | 'reusedSections'
  | 'classesWithoutTeacher'
  | 'schoolVanished'
  | 'tooManySchools'
  | 'tooManyUnmatched'
  | 'absenceNotProven'
  | 'alwaysAsk';

export interface VerdictReason {
  readonly code: VerdictCode;
  /** What waits because of it: the whole plan, one school, or the endings that one file's silence stands for. */
  readonly scope: 'plan' | 'school' | 'file';
  readonly school?: string;
  readonly schoolName?: string;
  readonly file?: string;
  readonly kind?: Kind;
  readonly action?: JudgedAction;
  readonly count?: number;
  /** What the count is a part of. */
  readonly active?: number;
  readonly limit?: number;
  /** False: it is told and holds nothing, since the profile applies at once. */
  readonly holds: boolean;
  readonly message: string;
}

const PLURALS: Readonly<Record<Kind, string>> = {
  org: 'schools',
  academicSession: 'academic sessions',
  course: 'courses',
  class: 'classes',
  student: 'students',
  teacher: 'teachers',
  role: 'school memberships',
  enrollment: 'enrollments',
};

/** The word for records of a kind, for people. */
export function pluralOf(kind: Kind): string {
  return PLURALS[kind];
}

/** `school S2 (Northside)` */
export function describeSchool(id: string, name: string): string {
  return name === '' || name === id ? `school ${id}` : `school ${id} (${name})`;
}

const CODES: Readonly<Record<JudgedAction, VerdictCode>> = {
  create: 'tooManyCreates',
  update: 'tooManyUpdates',
  deactivate: 'tooManyEndings',
  move: 'tooManyMoves',
};

const VERBS: Readonly<Record<JudgedAction, string>> = {
  create: 'would be new',
  update: 'would change',
  deactivate: 'would end',
  move: 'would move to another school',
};

/** Why a limit is exceeded, for people and programs. `plan`: in this plan; `total`: with what went in before it; `active`: of how many. */
export function reasonOf(
  cell: {
    readonly kind: JudgedKind;
    readonly action: JudgedAction;
    readonly plan: number;
    readonly total: number;
  },
  active: number,
  limit: number,
  school: { school: string; schoolName: string } | null,
): VerdictReason {
  const { kind, action, plan, total } = cell;
  const what =
    action === 'create'
      ? `${plan} ${pluralOf(kind)} ${VERBS.create}, beside ${active}`
      : `${plan} of ${active} ${pluralOf(kind)} ${VERBS[action]}`;
  const past = total > plan ? `, ${total} with those of the last days` : '';
  const where = school === null ? '' : `${describeSchool(school.school, school.schoolName)}: `;
  return {
    code: CODES[action],
    scope: school === null ? 'plan' : 'school',
    ...school,
    kind,
    action,
    count: total,
    active,
    limit,
    holds: true,
    message: `${where}${what}${past}; the limit is ${limit}`,
  };
}
