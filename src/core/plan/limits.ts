import type { Kind } from '../roster/kinds.ts';

/** What breakers judge. create: new, linked and returning records; deactivate: those that leave; move: to another school. */
export const JUDGED_ACTIONS = ['create', 'update', 'deactivate', 'move'] as const;
export type JudgedAction = (typeof JUDGED_ACTIONS)[number];

/** Kinds that are judged. Terms and courses end with the year; nobody loses anything by that alone. */
export const JUDGED_KINDS = ['org', 'class', 'student', 'teacher', 'role', 'enrollment'] as const;
export type JudgedKind = (typeof JUDGED_KINDS)[number];

export function isJudgedKind(kind: Kind): kind is JudgedKind {
  return JUDGED_KINDS.some((judged) => judged === kind);
}

/** How many may pass: the larger of the count and the percentage of what is active. */
export interface Limit {
  readonly percent: number;
  readonly count: number;
}

/**
 * A limit of one profile in place of a default. `scope`: over the whole plan, or within each school. The most
 * specific rule counts: one that names the school before one that names the kind before one that names the action alone.
 */
export interface LimitRule extends Limit {
  readonly scope: 'plan' | 'school';
  readonly action: JudgedAction;
  readonly kind: JudgedKind | null;
  /** Source id of the school; with scope `school` only. */
  readonly school: string | null;
}

/** How many of `total` a limit lets pass: the larger of the percentage (rounded down) and the count; `strict`: 0. */
export function allowedOf(limit: Limit | 'strict', total: number): number {
  if (limit === 'strict') return 0;
  return Math.max(limit.count, Math.floor((limit.percent * total) / 100));
}

/**
 * The defaults, and why, are in docs/adr/0010: counts let a village school change by a class at a time without a question;
 * percentages stop a state from losing a tenth of anything unasked.
 */
export const DEFAULT_LIMITS: Readonly<Record<LimitRule['scope'], Readonly<Record<JudgedAction, Limit>>>> = {
  plan: {
    create: { percent: 50, count: 100 },
    update: { percent: 75, count: 100 },
    deactivate: { percent: 10, count: 25 },
    move: { percent: 10, count: 25 },
  },
  school: {
    create: { percent: 75, count: 30 },
    update: { percent: 75, count: 25 },
    deactivate: { percent: 20, count: 15 },
    move: { percent: 20, count: 15 },
  },
};

/**
 * Limits that differ by kind although nobody set them: a school has few classes and teachers, and each counts; people have many
 * places in classes, and these change with every timetable.
 */
const DEFAULT_BY_KIND: readonly LimitRule[] = [
  { scope: 'school', action: 'update', kind: 'teacher', school: null, percent: 75, count: 8 },
  { scope: 'plan', action: 'update', kind: 'teacher', school: null, percent: 75, count: 25 },
  { scope: 'school', action: 'deactivate', kind: 'class', school: null, percent: 25, count: 8 },
  { scope: 'school', action: 'deactivate', kind: 'teacher', school: null, percent: 25, count: 8 },
  { scope: 'school', action: 'deactivate', kind: 'enrollment', school: null, percent: 25, count: 60 },
  { scope: 'school', action: 'create', kind: 'enrollment', school: null, percent: 75, count: 240 },
  { scope: 'plan', action: 'create', kind: 'enrollment', school: null, percent: 50, count: 400 },
];

/** What is judged by one limit: all changes of a kind and action, in the plan or in one of its schools. */
interface Cell {
  readonly scope: LimitRule['scope'];
  readonly action: JudgedAction;
  readonly kind: JudgedKind;
  /** Source id of the school; with scope `school` only. */
  readonly school: string | null;
}

/** The limit that counts for a cell of the plan. `deactivations`: the profile's own setting for the whole plan. */
export function limitFor(rules: readonly LimitRule[], deactivations: Limit, cell: Cell): Limit {
  return mostSpecific(rules, cell) ?? defaultLimit(deactivations, cell);
}

function defaultLimit(deactivations: Limit, cell: Cell): Limit {
  if (cell.scope === 'plan' && cell.action === 'deactivate') return deactivations;
  return DEFAULT_BY_KIND.find((rule) => fits(rule, cell)) ?? DEFAULT_LIMITS[cell.scope][cell.action];
}

/** What may always leave a school at once, as long as nobody set a limit: of two classes one is half. */
const ALWAYS_MAY_LEAVE = 2;

/**
 * How many may pass unasked in a cell. `before`: how many were active when what is judged began; `now`: before the plan. It is what the limit
 * lets pass; where nobody set one, no more than half leaves a school: the count is about a class of pupils, and a village school has no more.
 */
export function allowedIn(
  rules: readonly LimitRule[],
  deactivations: Limit,
  cell: Cell,
  { before, now }: { readonly before: number; readonly now: number },
): number {
  const own = mostSpecific(rules, cell);
  if (own !== undefined) return allowedOf(own, before);
  const allowed = allowedOf(defaultLimit(deactivations, cell), before);
  const leaves = cell.action === 'deactivate' || cell.action === 'move';
  if (cell.scope === 'plan' || !leaves) return allowed;
  // What a new school got in the days before is there to be lost, too.
  return Math.min(allowed, Math.max(ALWAYS_MAY_LEAVE, Math.floor(Math.max(before, now) / 2)));
}

function fits(rule: LimitRule, cell: Cell): boolean {
  return (
    rule.scope === cell.scope &&
    rule.action === cell.action &&
    (rule.kind === null || rule.kind === cell.kind) &&
    (rule.school === null || rule.school === cell.school)
  );
}

function mostSpecific(rules: readonly LimitRule[], cell: Cell): LimitRule | undefined {
  const weight = ({ school, kind }: LimitRule): number => (school === null ? 0 : 2) + (kind === null ? 0 : 1);
  return rules.filter((rule) => fits(rule, cell)).toSorted((a, b) => weight(b) - weight(a))[0];
}

const MAX_RULES = 1_000;
const MAX_SCHOOL_LENGTH = 256;
const RULE_SHAPE =
  '{"scope": "plan" or "school", "action": "create", "update", "deactivate" or "move", "percent": 0 to 1000, "count": 0 or more, and, if wanted, "kind" and "school"}';

/** The rules as sent or stored; a sentence about the first that makes no sense. */
export function readLimitRules(value: unknown): { rules: readonly LimitRule[] } | { problem: string } {
  if (!Array.isArray(value)) return { problem: `Use a list of ${RULE_SHAPE}.` };
  if (value.length > MAX_RULES) return { problem: `There are more than ${MAX_RULES} rules.` };
  const rules: LimitRule[] = [];
  const cells = new Set<string>();
  for (const [index, entry] of value.entries()) {
    const rule = readRule(entry);
    if (typeof rule === 'string') return { problem: `Rule ${index + 1}: ${rule}` };
    const cell = JSON.stringify([rule.scope, rule.action, rule.kind, rule.school]);
    if (cells.has(cell)) return { problem: `Rule ${index + 1} says another time what an earlier rule says.` };
    cells.add(cell);
    rules.push(rule);
  }
  return { rules };
}

function readRule(entry: unknown): LimitRule | string {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return `Use ${RULE_SHAPE}.`;
  const {
    scope,
    action,
    kind = null,
    school = null,
    percent,
    count,
    ...rest
  } = entry as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return `There is no property '${unknown}'. Use ${RULE_SHAPE}.`;
  if (scope !== 'plan' && scope !== 'school') return '"scope" is "plan" or "school".';
  const knownAction = JUDGED_ACTIONS.find((known) => known === action);
  if (knownAction === undefined) return `"action" is one of ${JUDGED_ACTIONS.join(', ')}.`;
  const knownKind = JUDGED_KINDS.find((known) => known === kind);
  if (kind !== null && knownKind === undefined)
    return `"kind" is one of ${JUDGED_KINDS.join(', ')}; terms and courses are not judged.`;
  if (school !== null && (typeof school !== 'string' || school === '' || school.length > MAX_SCHOOL_LENGTH))
    return '"school" is the source id of a school.';
  if (school !== null && scope === 'plan') return '"school" goes with the scope "school" only.';
  if (typeof percent !== 'number' || !(percent >= 0 && percent <= 1_000)) return '"percent" is 0 to 1000.';
  // Nobody can lose more than all.
  if (percent > 100 && (knownAction === 'deactivate' || knownAction === 'move'))
    return `"percent" of "${knownAction}" is 0 to 100: more than all cannot go.`;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0)
    return '"count" is a whole number, 0 or more.';
  return { scope, action: knownAction, kind: knownKind ?? null, school, percent, count };
}
