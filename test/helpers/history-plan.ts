/**
 * What a sync of a small roster should do, written down a second time: which records differ, which schools are beyond their limits,
 * what waits for them, and what the directory is afterwards. It knows the documents, and nothing of the implementation.
 */
import type { Source } from './history-roster.ts';

/** Losses that go through unasked: per school, and of the schools that are within theirs. The profile of a history is set so. */
export const SCHOOL_LIMITS: Readonly<Record<string, number>> = { enrollment: 3 };
export const SCHOOL_LIMIT = 1;
export const PLAN_LIMITS: Readonly<Record<string, number>> = { student: 1 };
export const PLAN_LIMIT = 1_000;
/** So many schools beyond their limits are an accident of the whole source. */
const HELD_SCHOOLS_LIMIT = 2;

export interface Directory {
  /** Active schools. */
  readonly schools: Set<string>;
  /** All that were ever there, with the name of now. */
  readonly sections: Map<string, { name: string; school: string; active: boolean }>;
  /** `name`: what the source said last; `shown`: what the directory shows, which a hand may have written. */
  readonly pupils: Map<string, { name: string; shown: string; active: boolean }>;
  /** Active `pupil/school`. */
  readonly roles: Set<string>;
  /** Active `section/person`. */
  readonly enrollments: Set<string>;
}

export const emptyDirectory = (): Directory => ({
  schools: new Set(),
  sections: new Map(),
  pupils: new Map(),
  roles: new Set(),
  enrollments: new Set(),
});

export interface Item {
  readonly kind: 'org' | 'class' | 'student' | 'role' | 'enrollment';
  /** begin: new, or back. */
  readonly action: 'begin' | 'change' | 'end';
  readonly id: string;
  /** Empty: of none. */
  readonly school: string;
  /** The name to come. */
  readonly name?: string;
  /** The end of a role whose pupil begins in another school: no loss. */
  readonly moved?: boolean;
}

/** What has to change. What a bad row is about stays as it is. */
export function planItems(source: Source, directory: Directory): Item[] {
  const items: Item[] = [];
  for (const id of source.schools)
    if (!directory.schools.has(id)) items.push({ kind: 'org', action: 'begin', id, school: id });
  for (const [id, { name, school }] of source.sections) {
    const known = directory.sections.get(id);
    if (known?.active !== true) items.push({ kind: 'class', action: 'begin', id, school, name });
    else if (known.name !== name) items.push({ kind: 'class', action: 'change', id, school, name });
  }
  for (const [id, { name, school, bad }] of source.pupils) {
    const known = directory.pupils.get(id);
    if (bad) continue;
    if (known?.active !== true) items.push({ kind: 'student', action: 'begin', id, school, name });
    else if (known.name !== name) items.push({ kind: 'student', action: 'change', id, school, name });
  }
  const roles = planRoles(source, directory);
  for (const id of source.enrollments) {
    const [section = '', pupil = ''] = id.split('/');
    if (source.pupils.get(pupil)?.bad !== true && !directory.enrollments.has(id))
      items.push({ kind: 'enrollment', action: 'begin', id, school: schoolOf(section, directory, source) });
  }
  if (!source.withoutTeacherRoster && !directory.enrollments.has('C9/T9'))
    items.push({ kind: 'enrollment', action: 'begin', id: 'C9/T9', school: 'S1' });
  items.push(...roles, ...planEndings(source, directory, roles));
  return items;
}

function planRoles(source: Source, directory: Directory): Item[] {
  const begun = [...source.pupils]
    .filter(([id, { bad, school }]) => !bad && !directory.roles.has(`${id}/${school}`))
    .map(([id, { school }]): Item => ({ kind: 'role', action: 'begin', id: `${id}/${school}`, school }));
  const bad = [...source.pupils].filter(([id, row]) => row.bad && directory.pupils.get(id)?.active === true);
  // A bad row that names another school than before: nobody knows which roles it meant, so none ends.
  if (bad.some(([id, { school }]) => !directory.roles.has(`${id}/${school}`))) return begun;
  const kept = new Set(bad.map(([id, { school }]) => `${id}/${school}`));
  const ended = [...directory.roles]
    .filter((id) => {
      const [pupil = '', school] = id.split('/');
      const row = source.pupils.get(pupil);
      return !kept.has(id) && (row === undefined || row.bad || row.school !== school);
    })
    .map((id): Item => {
      const [pupil = '', school = ''] = id.split('/');
      const moved = begun.some((role) => role.id.startsWith(`${pupil}/`));
      return { kind: 'role', action: 'end', id, school, moved };
    });
  return [...begun, ...ended];
}

function planEndings(source: Source, directory: Directory, roles: readonly Item[]): Item[] {
  const items: Item[] = [];
  for (const id of directory.enrollments) {
    const [section = ''] = id.split('/');
    const there = id === 'C9/T9' ? !source.withoutTeacherRoster : source.enrollments.has(id);
    if (!there)
      items.push({ kind: 'enrollment', action: 'end', id, school: schoolOf(section, directory, source) });
  }
  for (const [id, { active }] of directory.pupils) {
    if (!active || source.pupils.has(id)) continue;
    // Who leaves counts at the school that is left; of several, at the first.
    const left = roles.filter((role) => role.action === 'end' && role.id.startsWith(`${id}/`));
    const [school = ''] = left.map((role) => role.school).toSorted();
    items.push({ kind: 'student', action: 'end', id, school });
  }
  for (const [id, { active, school }] of directory.sections)
    if (active && !source.sections.has(id)) items.push({ kind: 'class', action: 'end', id, school });
  for (const id of directory.schools)
    if (!source.schools.has(id)) items.push({ kind: 'org', action: 'end', id, school: id });
  return items;
}

function schoolOf(section: string, directory: Directory, source: Source): string {
  if (section === 'C9') return 'S1';
  return (source.sections.get(section) ?? directory.sections.get(section))?.school ?? '';
}

/** Losses by `school kind`. */
export type Losses = ReadonlyMap<string, number>;

export function lossesOf(items: Iterable<Item>): Map<string, number> {
  const losses = new Map<string, number>();
  for (const { kind, school } of [...items].filter(isLoss))
    losses.set(`${school} ${kind}`, (losses.get(`${school} ${kind}`) ?? 0) + 1);
  return losses;
}

export function isLoss({ kind, action, moved }: Item): boolean {
  return action === 'end' && moved !== true && kind !== 'org';
}

/** The schools that wait, with all that waits for them; or that the whole plan does. `past`: losses of the last days that nobody accepted. */
export function judgeItems(
  items: readonly Item[],
  past: Losses,
  directory: Directory,
): { readonly whole: boolean; readonly held: ReadonlyMap<Item, string> } {
  const losses = lossesOf(items);
  const schools = new Set(
    items.filter(({ kind, action }) => kind === 'org' && action === 'end').map(({ id }) => id),
  );
  for (const [cell, count] of losses) {
    const [school = '', kind = ''] = cell.split(' ');
    const limit = SCHOOL_LIMITS[kind] ?? SCHOOL_LIMIT;
    if (school !== '' && count + (past.get(cell) ?? 0) > limit) schools.add(school);
  }
  const kinds = new Set([...losses.keys()].map((cell) => cell.split(' ')[1] ?? ''));
  const isBeyond = (kind: string): boolean => {
    const sum = (cells: Losses): number =>
      [...cells]
        .filter(([cell]) => cell.endsWith(` ${kind}`) && !schools.has(cell.split(' ')[0] ?? ''))
        .reduce((total, [, count]) => total + count, 0);
    return sum(losses) > 0 && sum(losses) + sum(past) > (PLAN_LIMITS[kind] ?? PLAN_LIMIT);
  };
  const whole = schools.size > HELD_SCHOOLS_LIMIT || [...kinds].some(isBeyond);
  return { whole, held: whole ? new Map() : holdItems(items, schools, directory) };
}

/** What waits for a school: its own items, what hangs on records it would begin, and who would be put out elsewhere before let in there. */
function holdItems(
  items: readonly Item[],
  schools: ReadonlySet<string>,
  directory: Directory,
): Map<Item, string> {
  const held = new Map<Item, string>();
  for (const item of items) if (schools.has(item.school)) held.set(item, item.school);
  holdWhatHangs(items, held, directory);
  return held;
}

/** Of these items, those that need what waits in some school wait with it: added to `held`. */
export function holdWhatHangs(items: readonly Item[], held: Map<Item, string>, directory: Directory): void {
  const missing = new Map<string, string>();
  for (const [{ kind, action, id }, school] of held)
    if (action === 'begin' && kind !== 'role' && kind !== 'enrollment') missing.set(id, school);
  for (const item of items) {
    if (held.has(item) || item.action !== 'begin' || (item.kind !== 'role' && item.kind !== 'enrollment'))
      continue;
    const [because] = item.id
      .split('/')
      .flatMap((id) => missing.get(id) ?? [])
      .toSorted();
    if (because !== undefined) held.set(item, because);
  }
  const awaited = new Map<string, string>();
  for (const [{ kind, action, id }, school] of held) {
    if (action !== 'begin' || (kind !== 'role' && kind !== 'enrollment')) continue;
    const person = personOf(kind, id);
    if (!directory.pupils.has(person)) continue;
    const before = awaited.get(person);
    awaited.set(person, before === undefined || school < before ? school : before);
  }
  for (const item of items) {
    if (held.has(item) || item.action !== 'end' || item.kind === 'org' || item.kind === 'class') continue;
    const because = awaited.get(personOf(item.kind, item.id));
    if (because !== undefined) held.set(item, because);
  }
}

function personOf(kind: Item['kind'], id: string): string {
  const [first = '', second = ''] = id.split('/');
  return kind === 'enrollment' ? second : first;
}

/** A hand edit stays until the source changes the name. */
export function applyItem(directory: Directory, { kind, action, id, school, name = '' }: Item): void {
  switch (kind) {
    case 'org':
      if (action === 'end') directory.schools.delete(id);
      else directory.schools.add(id);
      break;
    case 'class': {
      const known = directory.sections.get(id);
      if (action === 'end' && known !== undefined) known.active = false;
      else directory.sections.set(id, { name, school, active: true });
      break;
    }
    case 'student': {
      const known = directory.pupils.get(id);
      if (action === 'end' && known !== undefined) known.active = false;
      else if (known === undefined) directory.pupils.set(id, { name, shown: name, active: true });
      else {
        if (known.name !== name) known.shown = name;
        known.name = name;
        known.active = true;
      }
      break;
    }
    case 'role':
    case 'enrollment': {
      const set = kind === 'role' ? directory.roles : directory.enrollments;
      if (action === 'end') set.delete(id);
      else set.add(id);
      break;
    }
  }
}
