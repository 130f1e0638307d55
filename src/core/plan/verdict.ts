import type { Action, Kind } from '../roster/kinds.ts';
import type { ApplyPolicy } from '../run/profile-settings.ts';
import {
  type ClassesWithoutTeacher,
  withoutTeacherInPlan,
  withoutTeacherInSchools,
} from './classes-without-teacher.ts';
import {
  allowedIn,
  allowedOf,
  isJudgedKind,
  JUDGED_ACTIONS,
  JUDGED_KINDS,
  type JudgedAction,
  type JudgedKind,
  type Limit,
  type LimitRule,
} from './limits.ts';
import { judgeReused, type ReusedClasses } from './reused-classes.ts';
import { describeSchool, reasonOf, type VerdictCode, type VerdictReason } from './verdict-reason.ts';

/**
 * How many items of a school, kind and action a plan has. `action`: that of the items; ends and creates that are two halves of
 * a move stand under `move`, at the school that is left.
 */
export interface PlanCount {
  /** Source id of the school; empty: belongs to none. */
  readonly school: string;
  readonly kind: Kind;
  readonly action: Action;
  /** The failed ones left out. */
  readonly count: number;
  /** Those that breakers count. */
  readonly judged: number;
}

/** Changes that were applied in the window without anybody having accepted them, by school, kind and judged action. */
export interface WindowCount {
  readonly school: string;
  readonly kind: Kind;
  readonly action: JudgedAction;
  readonly count: number;
}

/** What a school has many of. */
export type SchoolKind = Exclude<JudgedKind, 'org'>;

/** Records of a kind that are active in a school from this source, before the plan. */
export interface ActiveCount {
  readonly school: string;
  readonly kind: SchoolKind;
  readonly count: number;
}

export interface Verdict {
  /** clean: all is applied. held: nothing is. partlyHeld: what the reasons name waits, the rest is applied. */
  readonly outcome: 'clean' | 'partlyHeld' | 'held';
  /** With the policy atOnce they are told, and hold nothing but endings that are not proven. */
  readonly reasons: readonly VerdictReason[];
}

export interface JudgeInput {
  readonly counts: readonly PlanCount[];
  readonly window: readonly WindowCount[];
  /**
   * The window is made of sums, in which a record counts for each of its changes. Then what was active when the window began is taken as no more than it was at
   * least: a plan that exceeds no limit so exceeds none when the window is counted record by record.
   */
  readonly cautious?: boolean;
  readonly activeByKind: Readonly<Record<Kind, number>>;
  /** Of the schools and kinds that `changedSchools` names, and of the classes of schools in `withoutTeacher`. */
  readonly activeBySchool: readonly ActiveCount[];
  /** Names of schools by source id. */
  readonly schoolNames: ReadonlyMap<string, string>;
  readonly rules: readonly LimitRule[];
  readonly deactivationLimit: Limit;
  readonly unmatchedLimit: Limit;
  /** People of the files without an account, that were not known as such before; and all people in the files. */
  readonly unmatched: { readonly count: number; readonly people: number };
  /** Classes whose ids the source uses again for others (reused-classes.ts), by school. */
  readonly reused: readonly ReusedClasses[];
  /** Classes that go on and lose their last teacher (classes-without-teacher.ts), by school. */
  readonly withoutTeacher: readonly ClassesWithoutTeacher[];
  /** Files with endings whose completeness nothing proves (core/plan/certificate), with their endings. */
  readonly unproven: readonly { readonly file: string; readonly endings: number; readonly message: string }[];
  readonly policy: ApplyPolicy;
}

/** What the breakers count an item as; null: nothing that can hold a plan. */
export function judgedActionOf(action: Action): JudgedAction {
  switch (action) {
    case 'create':
    case 'link':
    case 'reactivate':
      return 'create';
    case 'update':
      return 'update';
    case 'deactivate':
    case 'end':
      return 'deactivate';
    case 'move':
      return 'move';
  }
}

interface Cell {
  readonly school: string;
  readonly kind: JudgedKind;
  readonly action: JudgedAction;
  /** In this plan, and with the window. */
  plan: number;
  total: number;
}

/** Cells of the plan by school, kind and judged action. Only those that the plan itself adds to: the past alone holds nothing. */
function cellsOf(counts: readonly PlanCount[], window: readonly WindowCount[]): Cell[] {
  const cells = new Map<string, Cell>();
  for (const { school, kind, action, judged } of counts) {
    if (judged === 0 || !isJudgedKind(kind)) continue;
    const judgedAction = judgedActionOf(action);
    const key = JSON.stringify([school, kind, judgedAction]);
    const cell = cells.get(key);
    if (cell === undefined)
      cells.set(key, { school, kind, action: judgedAction, plan: judged, total: judged });
    else {
      cell.plan += judged;
      cell.total += judged;
    }
  }
  for (const { school, kind, action, count } of window) {
    const cell = cells.get(JSON.stringify([school, kind, action]));
    if (cell !== undefined) cell.total += count;
  }
  return [...cells.values()];
}

/** Whether a limit is exceeded. By a `cautious` verdict it only may be: then the window has to be counted again record by record. */
export function exceedsLimits({ reasons }: Verdict): boolean {
  return reasons.some(({ code }) => LIMIT_CODES.has(code));
}

const LIMIT_CODES: ReadonlySet<VerdictCode> = new Set([
  'tooManyCreates',
  'tooManyUpdates',
  'tooManyEndings',
  'tooManyMoves',
  'tooManySchools',
]);

/** The schools in which something of a kind changes, or a class loses its last teacher, so that limits are measured by what is active there. */
export function changedSchools(
  counts: readonly PlanCount[],
  withoutTeacher: readonly ClassesWithoutTeacher[],
): ReadonlyMap<SchoolKind, ReadonlySet<string>> {
  const schools = new Map<SchoolKind, Set<string>>();
  const add = (kind: SchoolKind, school: string): void => {
    const ofKind = schools.get(kind) ?? new Set<string>();
    if (school !== '') schools.set(kind, ofKind.add(school));
  };
  for (const { school, kind, judged } of counts)
    if (judged > 0 && kind !== 'org' && isJudgedKind(kind)) add(kind, school);
  for (const { school } of withoutTeacher) add('class', school);
  return schools;
}

/**
 * May the plan be applied without asking? First each school for itself; then what is left of the plan as a whole, so that one school's
 * accident does not stop the others, and many small losses do.
 */
export function judge(input: JudgeInput): Verdict {
  const cells = cellsOf(input.counts, input.window);
  const reused = judgeReused(input.reused, changedClasses(input.counts), input.schoolNames);
  const schoolReasons = [
    ...vanishedSchools(input),
    ...reused.filter(({ scope }) => scope === 'school'),
    ...withoutTeacherInSchools(input),
    ...judgeSchools(input, cells),
  ];
  const heldSchools = new Set(schoolReasons.map(({ school }) => school ?? ''));
  const planReasons = [
    ...tooManySchools(input, heldSchools),
    ...reused.filter(({ scope }) => scope === 'plan'),
    ...withoutTeacherInPlan(input, heldSchools),
    ...judgePlan(input, cells, heldSchools),
    ...tooManyUnmatched(input),
  ];
  const fileReasons = input.unproven.map(({ file, endings, message }): VerdictReason => ({
    code: 'absenceNotProven',
    scope: 'file',
    file,
    count: endings,
    holds: true,
    message,
  }));
  const reasons = [...planReasons, ...schoolReasons, ...fileReasons];
  const changes = input.counts.reduce((sum, { count }) => sum + count, 0);
  if (input.policy === 'atOnce')
    return {
      outcome: fileReasons.length > 0 ? 'partlyHeld' : 'clean',
      reasons: reasons.map((reason) => ({ ...reason, holds: reason.scope === 'file' })),
    };
  if (input.policy === 'alwaysAsk' && changes > 0) {
    const asked: VerdictReason = {
      code: 'alwaysAsk',
      scope: 'plan',
      count: changes,
      holds: true,
      message: `${changes} changes wait for an approval, as this profile always asks`,
    };
    return { outcome: 'held', reasons: [...reasons, asked] };
  }
  if (planReasons.length > 0) return { outcome: 'held', reasons };
  return { outcome: reasons.length > 0 ? 'partlyHeld' : 'clean', reasons };
}

function judgeSchools(input: JudgeInput, cells: readonly Cell[]): VerdictReason[] {
  const active = new Map(input.activeBySchool.map((entry) => [`${entry.kind} ${entry.school}`, entry.count]));
  const windows = windowSums(input.window, input.cautious);
  const reasons: VerdictReason[] = [];
  for (const cell of cells) {
    const { school, kind, action } = cell;
    if (school === '' || kind === 'org') continue;
    const now = active.get(`${kind} ${school}`) ?? 0;
    const before = baseOf(now, `${kind} ${school}`, windows);
    // What a school had nothing of is new there: growth cannot be measured, and the whole plan is judged, too.
    if (action === 'create' && before === 0 && input.cautious !== true) continue;
    const limited = { scope: 'school', school, kind, action } as const;
    const allowed = allowedIn(input.rules, input.deactivationLimit, limited, { before, now });
    if (cell.total <= allowed) continue;
    reasons.push(
      reasonOf(cell, before, allowed, { school, schoolName: input.schoolNames.get(school) ?? school }),
    );
  }
  // A pupil who leaves takes the membership along: said once.
  return reasons.filter(
    ({ kind, school, action }) =>
      kind !== 'role' ||
      !reasons.some(
        (other) =>
          other.school === school &&
          other.action === action &&
          (other.kind === 'student' || other.kind === 'teacher'),
      ),
  );
}

function judgePlan(
  input: JudgeInput,
  cells: readonly Cell[],
  heldSchools: ReadonlySet<string>,
): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  const windows = windowSums(
    input.window.map((entry) => ({ ...entry, school: '' })),
    input.cautious,
  );
  for (const kind of JUDGED_KINDS) {
    for (const action of JUDGED_ACTIONS) {
      const own = cells.filter((cell) => cell.kind === kind && cell.action === action);
      const left = own.filter(({ school }) => !heldSchools.has(school));
      const plan = left.reduce((sum, cell) => sum + cell.plan, 0);
      if (plan === 0) continue;
      const past = input.window
        .filter((entry) => entry.kind === kind && entry.action === action && !heldSchools.has(entry.school))
        .reduce((sum, { count }) => sum + count, 0);
      const now = input.activeByKind[kind];
      const before = baseOf(now, `${kind} `, windows);
      if (action === 'create' && before === 0 && input.cautious !== true) continue;
      const limited = { scope: 'plan', school: null, kind, action } as const;
      const allowed = allowedIn(input.rules, input.deactivationLimit, limited, { before, now });
      if (plan + past > allowed)
        reasons.push(reasonOf({ kind, action, plan, total: plan + past }, before, allowed, null));
    }
  }
  return reasons;
}

/** Classes that the plan changes, by school. */
function changedClasses(counts: readonly PlanCount[]): Map<string, number> {
  const classes = new Map<string, number>();
  for (const { school, kind, action, count } of counts) {
    if (kind !== 'class' || (action !== 'update' && action !== 'move')) continue;
    classes.set(school, (classes.get(school) ?? 0) + count);
  }
  return classes;
}

/** Net change over the window, by `kind school`: with it the base is what was active when the window began. `cautious`: or no more than that. */
function windowSums(window: readonly WindowCount[], cautious = false): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { school, kind, action, count } of window) {
    const left = action === 'deactivate' || action === 'move';
    const sign = action === 'create' ? -1 : left && !cautious ? 1 : 0;
    const key = `${kind} ${school}`;
    sums.set(key, (sums.get(key) ?? 0) + sign * count);
  }
  return sums;
}

function baseOf(active: number, key: string, windows: ReadonlyMap<string, number>): number {
  return Math.max(0, active + (windows.get(key) ?? 0));
}

/** A school that is gone from the source takes everybody along: never without a question. */
function vanishedSchools({ counts, schoolNames }: JudgeInput): VerdictReason[] {
  return counts
    .filter(({ kind, action, judged }) => kind === 'org' && action === 'deactivate' && judged > 0)
    .map(({ school }) => {
      const schoolName = schoolNames.get(school) ?? school;
      const reason: VerdictReason = {
        code: 'schoolVanished',
        scope: 'school',
        school,
        schoolName,
        kind: 'org',
        action: 'deactivate',
        holds: true,
        message: `${describeSchool(school, schoolName)} is no longer in the source`,
      };
      return reason;
    });
}

/** An accident in more than half of the schools is one of the whole source. A source with one or two schools is judged school by school. */
function tooManySchools({ activeByKind }: JudgeInput, heldSchools: ReadonlySet<string>): VerdictReason[] {
  const schools = activeByKind.org;
  const allowed = Math.max(2, Math.floor(schools / 2));
  if (heldSchools.size <= allowed) return [];
  return [
    {
      code: 'tooManySchools',
      scope: 'plan',
      kind: 'org',
      count: heldSchools.size,
      active: schools,
      limit: allowed,
      holds: true,
      message: `${heldSchools.size} of ${schools} schools would change beyond their limits at once`,
    },
  ];
}

function tooManyUnmatched({ unmatched, unmatchedLimit }: JudgeInput): VerdictReason[] {
  const allowed = allowedOf(unmatchedLimit, unmatched.people);
  if (unmatched.count <= allowed) return [];
  return [
    {
      code: 'tooManyUnmatched',
      scope: 'plan',
      count: unmatched.count,
      active: unmatched.people,
      limit: allowed,
      holds: true,
      message: `${unmatched.count} of ${unmatched.people} people have no matching account; the limit is ${allowed}`,
    },
  ];
}
