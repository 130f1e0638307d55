import {
  FINDING_CODES,
  type Finding,
  type FindingCode,
  type FindingCount,
  type Severity,
} from '#core/findings.ts';

import { WithdrawnOrgs } from './withdrawn-orgs.ts';

/** What every report of a finding says; counted even when the rest is not kept. */
export interface FindingHead {
  readonly code: FindingCode;
  readonly file: string;
  /** Column title; none: the row or the file. */
  readonly field?: string | undefined;
  /** When it is not the usual one of the code. */
  readonly severity?: Severity;
}

export type FindingDetail = Pick<Finding, 'line' | 'value' | 'kind' | 'sourceId' | 'message'>;

/** Hears of every finding, with its detail: kept or not. */
export interface FindingObserver {
  observe(head: FindingHead, severity: Severity, detail: FindingDetail): void;
}

export interface FindingLimits {
  /** Errors kept in all. */
  readonly errors: number;
  /** Warnings kept in all. */
  readonly warnings: number;
  /** Of each code that many are kept whatever the others take. */
  readonly perCode: number;
  readonly samples: number;
}

export const FINDING_LIMITS: FindingLimits = { errors: 10_000, warnings: 5_000, perCode: 100, samples: 100 };
const MAX_VALUE_LENGTH = 256;
const SAMPLES_PER_COUNT = 5;
const ORDER: readonly Severity[] = ['fatal', 'error', 'warning', 'information'];

/** Files of which a part was kept from an earlier set: what is found there has no line in a file that anybody uploaded. */
export interface KeptLines {
  /** Of the kept set, for people. */
  readonly from: string;
  /** By file, the last line that was uploaded. */
  readonly uploadedLines: ReadonlyMap<string, number>;
}

interface MutableCount {
  readonly file: string;
  readonly code: FindingCode;
  readonly field: string;
  readonly severity: Severity;
  rowCount: number;
}

/** Counts all findings of a run exactly and keeps the first ones, in bounded memory. */
export class FindingCollector {
  /** Kept findings, in the order they were met. */
  readonly kept: Finding[] = [];
  /** Told at the end, once for each. */
  readonly withdrawnOrgs = new WithdrawnOrgs();
  #fatal = false;
  readonly #counts = new Map<string, MutableCount>();
  readonly #keptByCode = new Map<FindingCode, number>();
  #errors = 0;
  #warnings = 0;
  readonly #limits: FindingLimits;
  readonly #observer: FindingObserver | null;
  #keptLines: KeptLines | null = null;
  #successor: FindingCollector | null = null;

  constructor(limits: FindingLimits = FINDING_LIMITS, observer: FindingObserver | null = null) {
    this.#limits = limits;
    this.#observer = observer;
  }

  /** At least one finding is fatal. */
  get fatal(): boolean {
    return this.#fatal;
  }

  /** From here on, findings in kept rows say so and name no line. */
  tellKept(kept: KeptLines): void {
    this.#keptLines = kept;
  }

  /** Takes over what another collector has found. */
  absorb(kept: readonly Finding[], counts: readonly FindingCount[]): void {
    for (const { file, code, field, severity, rowCount } of counts) {
      if (severity === 'fatal') this.#fatal = true;
      this.#count(file, code, field, severity, rowCount);
    }
    for (const finding of kept) if (this.#wants(finding.code, finding.severity)) this.kept.push(finding);
  }

  /**
   * Another collector takes over what was found here, and what will be: whoever was given this one and finds something later (a fault of a zip
   * shows when its files are read) tells it the other.
   */
  moveTo(successor: FindingCollector): void {
    successor.absorb(this.kept, this.counts());
    this.#successor = successor;
  }

  /** A line of a file, in words. */
  nameLine(file: string, line: number): string {
    return this.#isKept(file, line) ? `a row of the set before` : `line ${line}`;
  }

  #isKept(file: string, line: number): boolean {
    const uploaded = this.#keptLines?.uploadedLines.get(file);
    return uploaded !== undefined && line > uploaded;
  }

  #count(file: string, code: FindingCode, field: string, severity: Severity, rowCount: number): void {
    const place = `${file}\n${code}\n${field}`;
    const count = this.#counts.get(place);
    if (count === undefined) this.#counts.set(place, { file, code, field, severity, rowCount });
    else count.rowCount += rowCount;
  }

  /** `detail` is only asked for when the finding is kept, or observed. */
  report(head: FindingHead, detail: () => FindingDetail): void {
    if (this.#successor !== null) {
      this.#successor.report(head, detail);
      return;
    }
    const { code, file, field = '' } = head;
    const severity = head.severity ?? FINDING_CODES[code].severity;
    // That a row of an earlier delta said so is no news.
    if (code === 'ROW_WITHDRAWN' && this.#keptLines !== null && this.#isKept(file, detail().line ?? 0))
      return;
    if (severity === 'fatal') this.#fatal = true;
    this.#count(file, code, field, severity, 1);
    const observed = this.#observer === null ? null : detail();
    if (observed !== null) this.#observer?.observe(head, severity, observed);
    if (!this.#wants(code, severity)) return;
    const { value, sourceId, ...rest } = this.#withoutKeptLine(file, observed ?? detail());
    this.kept.push({
      code,
      severity,
      file,
      ...(field === '' ? {} : { field }),
      ...rest,
      ...(sourceId === undefined ? {} : { sourceId: toShown(sourceId) }),
      ...(value === undefined ? {} : { value: toShown(value) }),
    });
  }

  #withoutKeptLine(file: string, detail: FindingDetail): FindingDetail {
    const { line, message, ...rest } = detail;
    if (line === undefined || !this.#isKept(file, line)) return detail;
    const from = this.#keptLines?.from ?? '';
    return { ...rest, message: `${message} (A row of the set of ${from}, which was kept.)` };
  }

  counts(): FindingCount[] {
    return [...this.#counts.values()].map((count) => ({ ...count }));
  }

  /** The first few of each place, worst first. */
  samples(): Finding[] {
    const taken = new Map<string, number>();
    const some = this.kept.filter(({ file, code, field }) => {
      const place = `${file}\n${code}\n${field ?? ''}`;
      const before = taken.get(place) ?? 0;
      taken.set(place, before + 1);
      return before < SAMPLES_PER_COUNT;
    });
    return some
      .toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity))
      .slice(0, this.#limits.samples);
  }

  #wants(code: FindingCode, severity: Severity): boolean {
    const ofCode = this.#keptByCode.get(code) ?? 0;
    const reserved = ofCode < this.#limits.perCode;
    const grave = severity === 'fatal' || severity === 'error';
    const room = grave
      ? this.#errors < this.#limits.errors
      : severity === 'warning' && this.#warnings < this.#limits.warnings;
    if (!reserved && !room) return false;
    this.#keptByCode.set(code, ofCode + 1);
    if (grave) this.#errors += 1;
    // Of information the first of each code are kept, and take no room from warnings.
    else if (severity === 'warning') this.#warnings += 1;
    return true;
  }
}

/** Shortened, and without control characters: a database text takes no NUL, a terminal should get no escape. */
function toShown(text: string): string {
  return text.slice(0, MAX_VALUE_LENGTH).replaceAll(/\p{Cc}/gu, '\ufffd');
}
