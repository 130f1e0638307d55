import type { Action, Kind } from '../roster/kinds.ts';
import { allowedOf, type Limit } from '../run/profile-settings.ts';

/** How many items of a kind and action a plan has, the failed ones left out. */
export interface PlanCount {
  readonly kind: Kind;
  readonly action: Action;
  readonly count: number;
}

export interface VerdictReason {
  readonly code: 'tooManyEndings' | 'alwaysAsk';
  readonly kind?: Kind;
  readonly count?: number;
  readonly active?: number;
  readonly limit?: number;
  readonly message: string;
}

export interface Verdict {
  readonly outcome: 'clean' | 'held';
  readonly reasons: readonly VerdictReason[];
}

/** Kinds whose endings are judged. Terms and courses end with the year; nobody loses anything by that alone. */
const JUDGED: readonly Kind[] = ['org', 'class', 'student', 'teacher', 'role', 'enrollment'];

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

/** May the plan be applied without asking? Pure: counts, what is active from this source, and the profile's limits. */
export function judge(
  counts: readonly PlanCount[],
  activeByKind: Readonly<Record<Kind, number>>,
  limit: Limit,
  alwaysAsk: boolean,
): Verdict {
  const reasons: VerdictReason[] = [];
  for (const kind of JUDGED) {
    const active = activeByKind[kind];
    const ending = counts
      .filter((entry) => entry.kind === kind && (entry.action === 'deactivate' || entry.action === 'end'))
      .reduce((sum, entry) => sum + entry.count, 0);
    const allowed = allowedOf(limit, active);
    if (ending > allowed) {
      reasons.push({
        code: 'tooManyEndings',
        kind,
        count: ending,
        active,
        limit: allowed,
        message: `${ending} of ${active} ${pluralOf(kind)} would end; the limit is ${allowed}`,
      });
    }
  }
  const changes = counts.reduce((sum, entry) => sum + entry.count, 0);
  if (alwaysAsk && reasons.length === 0 && changes > 0) {
    reasons.push({
      code: 'alwaysAsk',
      message: `${changes} changes wait for an approval, as this profile always asks`,
    });
  }
  return { outcome: reasons.length === 0 ? 'clean' : 'held', reasons };
}
