/** The life of one profile as its documents tell it: what every step of a history is answered, and what is true after it. */
import {
  applyItem,
  type Directory,
  emptyDirectory,
  holdWhatHangs,
  type Item,
  judgeItems,
  isLoss,
  lossesOf,
  planItems,
} from './history-plan.ts';
import type { Source } from './history-roster.ts';

/** Bad rows of a file that go through unasked. */
export const BAD_ROWS_LIMIT = 1;

/**
 * What a run waits for: files that cannot be taken as they are, a decision about its plan (`approval`: that has no fault) or about parts
 * of it, the end of a pause.
 */
type Waits = 'badRows' | 'confirmation' | 'files' | 'plan' | 'approval' | 'parts' | 'pause';

const isWholePlan = (waits: Waits | null | undefined): boolean => waits === 'plan' || waits === 'approval';

/** A run went in, or a part of it that had waited. */
interface Pass {
  readonly run: Run;
}

interface Run {
  /** In the order in which they were asked for. */
  readonly asked: number;
  readonly source: Source;
  /** When the plan was made; later than every plan before. */
  planned: number;
  waits: Waits | null;
  items: readonly Item[];
  /** What waits, with the school that it waits for. */
  readonly held: Map<Item, string>;
  readonly rejectedSchools: Set<string>;
  /** What was let in last when the plan was made. */
  base: Pass | null;
  /** An administrator accepted the whole plan, or it was the first: later losses count from here. */
  accepted: boolean;
  /** Pupils that a hand changed since the plan was made: their own changes are not applied. */
  readonly stale: Set<string>;
  badRowsAllowed: boolean;
  confirmed: boolean;
  /** Records that could not be written. */
  errors: number;
  wasApplied: boolean;
}

/** Status codes: what a call is answered. */
export type Answer = 200 | 400 | 409;

export class HistoryModel {
  readonly directory: Directory = emptyDirectory();
  errorCount = 0;
  /** The profile asks before every plan. */
  alwaysAsks = false;
  #paused = false;
  #time = 0;
  #lastAsked = 0;
  /** Those that count for the status. */
  #runs: Run[] = [];
  /** All whose plan was let in, those before a reset, too. */
  readonly #letIn: Run[] = [];
  /** The newest pass of a run that went in: a school that is let in later is a pass of its own. */
  #lastLetIn: Pass | null = null;
  #preview: Run | null = null;
  readonly #schoolAcceptedAt = new Map<string, number>();

  get status(): string {
    const latest = this.#latest;
    if (this.#paused || latest === undefined || latest.waits === 'pause' || latest.waits === 'approval')
      return 'paused';
    if (latest.waits !== null) return 'validationError';
    return this.errorCount > 0 ? 'error' : 'success';
  }

  get #latest(): Run | undefined {
    return this.#runs.toSorted((a, b) => b.asked - a.asked)[0];
  }

  /** What the newest run, or the preview, waits for; null: nothing. */
  waitsFor(which: 'sync' | 'preview'): Waits | null {
    return (which === 'sync' ? this.#latest : this.#preview)?.waits ?? null;
  }

  /** Numbers of the run asked for last, of the newest that counts, and of the preview that waits. */
  get asked(): { readonly last: number; readonly newest: number | null; readonly preview: number | null } {
    return {
      last: this.#lastAsked,
      newest: this.#latest?.asked ?? null,
      preview: this.#preview?.asked ?? null,
    };
  }

  start(source: Source): Answer {
    if (this.#paused) return 409;
    this.#runs = this.#runs.filter(({ waits }) => waits === null);
    const run = this.#newRun(source);
    this.#runs.push(run);
    if (!this.#check(run)) {
      this.errorCount = this.#faultsOf(run);
      return 400;
    }
    this.#planAndApply(run);
    return 200;
  }

  preview(source: Source): Answer {
    const run = this.#newRun(source);
    this.#preview = run;
    if (this.#check(run)) {
      this.#plan(run);
      run.waits = 'plan';
    }
    return 200;
  }

  approvePreview(): Answer {
    const run = this.#preview;
    if (run?.waits !== 'plan' || !this.#mayApply(run)) return 409;
    this.#preview = null;
    // What is older gives way, and so does a newer plan: it was made on what this one changes.
    this.#runs = this.#runs.filter(
      ({ waits, asked }) => waits === null || (asked > run.asked && !isWholePlan(waits)),
    );
    this.#runs.push(run);
    run.accepted = true;
    this.#apply(run, (item) => !run.held.has(item));
    return 200;
  }

  rejectPreview(): Answer {
    if (this.#preview?.waits !== 'plan') return 409;
    this.#preview = null;
    return 200;
  }

  resume(): Answer {
    const run = this.#latest;
    if (this.#paused) {
      this.#paused = false;
      if (run?.waits === 'pause') this.#finish(run);
      return 200;
    }
    switch (run?.waits) {
      case 'badRows':
        run.badRowsAllowed = true;
        this.#planAndApply(run);
        return 200;
      case 'plan':
      case 'approval':
      case 'parts':
        return this.approve();
      default:
        return 409;
    }
  }

  /** Resume with the name of the missing file. */
  confirm(): Answer {
    const run = this.#latest;
    if (run?.waits !== 'confirmation') return 409;
    this.#paused = false;
    run.confirmed = true;
    if (this.#check(run)) this.#planAndApply(run);
    else this.errorCount = this.#faultsOf(run);
    return 200;
  }

  /** The newest run: all that waits of it, or one school. */
  approve(school?: string): Answer {
    const run = this.#latest;
    if (run === undefined || (!isWholePlan(run.waits) && run.waits !== 'parts')) return 409;
    if (isWholePlan(run.waits)) {
      if (school !== undefined) return 400;
      if (!this.#mayApply(run)) return 409;
      run.accepted = true;
      this.#apply(run, () => true);
      return 200;
    }
    const schools = school === undefined ? this.#openSchools(run) : [school];
    if (school !== undefined && !this.#openSchools(run).includes(school)) return 400;
    if (this.#paused) return 409;
    const released = [...run.held].filter(([, because]) => schools.includes(because)).map(([item]) => item);
    for (const item of released) run.held.delete(item);
    // Who is to be let in by a school that still waits is not put out by the approval of another.
    holdWhatHangs(released, run.held, this.directory);
    for (const decided of schools) this.#schoolAcceptedAt.set(decided, ++this.#time);
    this.#apply(run, (item) => released.includes(item) && !run.held.has(item));
    return 200;
  }

  reject(school?: string): Answer {
    const run = this.#latest;
    if (run === undefined || (!isWholePlan(run.waits) && run.waits !== 'parts')) return 409;
    if (isWholePlan(run.waits)) {
      if (school !== undefined) return 400;
      this.#runs = this.#runs.filter((other) => other !== run);
      this.errorCount = this.#latest?.errors ?? 0;
      return 200;
    }
    const open = this.#openSchools(run);
    if (school !== undefined && !open.includes(school)) return 400;
    for (const decided of school === undefined ? open : [school]) run.rejectedSchools.add(decided);
    if (this.#openSchools(run).length > 0) return 200;
    if (this.#paused) run.waits = 'pause';
    else this.#finish(run);
    return 200;
  }

  /** What can be decided about schools one by one. */
  get openSchools(): readonly string[] {
    const run = this.#latest;
    return run?.waits === 'parts' ? this.#openSchools(run) : [];
  }

  get isPaused(): boolean {
    return this.#paused;
  }

  /** Pupils who are there, and whose change is not applied yet. */
  get pupilsThatWait(): readonly string[] {
    const latest = this.#latest;
    const waiting = [
      ...(this.#preview?.items ?? []),
      ...(isWholePlan(latest?.waits) ? (latest?.items ?? []) : (latest?.held.keys() ?? [])),
    ];
    return waiting
      .filter(({ kind, action }) => kind === 'student' && action === 'change')
      .map(({ id }) => id);
  }

  pause(): Answer {
    if (this.#paused) return 409;
    this.#paused = true;
    return 200;
  }

  reset(): Answer {
    this.#runs = [];
    this.#preview = null;
    this.errorCount = 0;
    return 200;
  }

  /** @returns whether there is anybody to change. */
  edit(pupil: string, name: string): boolean {
    const known = this.directory.pupils.get(pupil);
    if (known?.active !== true) return false;
    known.shown = name;
    for (const run of [this.#preview, this.#latest]) run?.stale.add(pupil);
    return true;
  }

  #newRun(source: Source): Run {
    this.#lastAsked = ++this.#time;
    return {
      asked: this.#lastAsked,
      source,
      planned: 0,
      waits: null,
      items: [],
      held: new Map(),
      rejectedSchools: new Set(),
      base: null,
      accepted: false,
      stale: new Set(),
      badRowsAllowed: false,
      confirmed: false,
      errors: 0,
      wasApplied: false,
    };
  }

  /** Can the files be taken as they are? */
  #check(run: Run): boolean {
    run.waits = null;
    if (run.source.withoutTeacherRoster && !run.confirmed)
      run.waits = this.directory.enrollments.has('C9/T9') ? 'confirmation' : 'files';
    else if (badRows(run) > BAD_ROWS_LIMIT && !run.badRowsAllowed) run.waits = 'badRows';
    return run.waits === null;
  }

  #faultsOf(run: Run): number {
    return badRows(run) + (run.waits === 'confirmation' || run.waits === 'files' ? 1 : 0);
  }

  /** @returns what the plan waits for as a whole, if it does. */
  #plan(run: Run): Waits | null {
    run.planned = ++this.#time;
    run.stale.clear();
    run.base = this.#lastLetIn;
    run.items = planItems(run.source, this.directory);
    run.errors = badRows(run);
    const { whole, held } = judgeItems(run.items, this.#pastLosses(run.items), this.directory);
    run.held.clear();
    const asks = this.alwaysAsks && run.items.length > 0;
    if (asks) return whole || held.size > 0 ? 'plan' : 'approval';
    for (const [item, school] of held) run.held.set(item, school);
    return whole ? 'plan' : null;
  }

  #planAndApply(run: Run): void {
    run.waits = this.#plan(run);
    if (run.waits === null) this.#apply(run, (item) => !run.held.has(item));
    else this.errorCount = run.errors;
  }

  #apply(run: Run, isOfThisPass: (item: Item) => boolean): void {
    this.#lastLetIn = { run };
    if (!run.wasApplied) this.#letIn.push(run);
    run.wasApplied = true;
    for (const item of run.items.filter(isOfThisPass)) {
      // Whoever is new has nothing that could have been changed.
      if (item.kind === 'student' && item.action !== 'end' && run.stale.has(item.id)) run.errors += 1;
      else applyItem(this.directory, item);
    }
    this.#finish(run);
  }

  #finish(run: Run): void {
    run.waits = this.#openSchools(run).length > 0 ? 'parts' : null;
    this.errorCount = run.errors;
  }

  #openSchools(run: Run): string[] {
    return [...new Set(run.held.values())].filter((school) => !run.rejectedSchools.has(school)).toSorted();
  }

  #mayApply(run: Run): boolean {
    return !this.#paused && run.base === this.#lastLetIn;
  }

  /**
   * Losses that went in unasked, since somebody accepted a plan or the school. By records: who was lost twice counts once, and not at all when
   * this plan loses it again.
   */
  #pastLosses(items: readonly Item[]): Map<string, number> {
    const nameOf = ({ kind, id }: Item): string => `${kind} ${id}`;
    const lostNow = new Set(items.filter(isLoss).map(nameOf));
    const isAccepted = (run: Run): boolean => run.accepted || run.base === null;
    const acceptedAt = Math.max(0, ...this.#letIn.filter(isAccepted).map(({ planned }) => planned));
    const past = new Map<string, Item>();
    for (const run of this.#letIn) {
      if (isAccepted(run) || run.planned < acceptedAt) continue;
      for (const item of run.items) {
        if (!isLoss(item) || run.held.has(item) || lostNow.has(nameOf(item))) continue;
        if (run.planned > (this.#schoolAcceptedAt.get(item.school) ?? 0))
          past.set(`${item.school} ${nameOf(item)}`, item);
      }
    }
    return lossesOf(past.values());
  }
}

function badRows({ source }: Run): number {
  return [...source.pupils.values()].filter(({ bad }) => bad).length;
}
