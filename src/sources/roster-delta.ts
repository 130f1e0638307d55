import { ENDINGS_BAND_START, ITEM_BAND, KINDS, type Reason } from '#core/roster/kinds.ts';
import { KIND_OF_CODE, RECORD_CODE_COUNT, type RecordCode } from '#core/roster/record-codes.ts';
import { assert, must } from '#lib/assert.ts';

import type { ItemSink } from './item-sink.ts';
import { ADDED, DESCRIBED_GROUPS, KEPT, type RecordIndex, SEEN } from './snapshot/record-index.ts';
import { NO_ENTRY, type StagedItem } from './staged-item.ts';

/** What a good record is, compared with the snapshot; `again`: this run had it before. */
export type Sighting = 'new' | 'changed' | 'same' | 'again';

/** What the caller adds to a created or updated item. */
export type ItemParts = Pick<StagedItem, 'sourceId' | 'file' | 'line'> &
  Partial<
    Pick<
      StagedItem,
      'firstEntry' | 'secondEntry' | 'thirdEntry' | 'schoolId' | 'objectId' | 'after' | 'secret'
    >
  >;

export interface CodeCounts {
  before: number;
  records: number;
  created: number;
  updated: number;
  ended: number;
  /** Not good in this run, and kept as they were. */
  kept: number;
  /** Absent, and not ended since the absence is not proven. */
  spared: number;
}

/**
 * Compares the records of a run with the snapshot, one by one, and gives out plan items. Afterwards the index is the
 * snapshot as it is when all items are applied (`isCurrent` says which entries it has).
 */
export class RosterDelta {
  /** The entry that the last `see` or `keep` met; -1 when `keep` met none. */
  entry = NO_ENTRY;
  itemCount = 0;
  readonly counts: CodeCounts[];
  /** By the number of the group: people of whom other files than their own said something before this run. */
  readonly describedBefore: readonly number[];
  /** Of those, how many were seen and had nothing said of them any more. */
  readonly describedNoMore: number[];
  readonly #index: RecordIndex;
  readonly #sink: ItemSink;
  readonly #settingsChanged: boolean;
  readonly #nextByBand = Array.from({ length: KINDS.length + 1 }, () => 1);
  #stopped = false;

  constructor(index: RecordIndex, sink: ItemSink, settingsChanged: boolean) {
    this.#index = index;
    this.#sink = sink;
    this.#settingsChanged = settingsChanged;
    this.describedBefore = index.countDescribed();
    this.describedNoMore = this.describedBefore.map(() => 0);
    this.counts = index
      .countByCode()
      .map((before) => ({ before, records: 0, created: 0, updated: 0, ended: 0, kept: 0, spared: 0 }));
  }

  /** Records that are current, of a code, before this run. */
  before(code: RecordCode): number {
    return must(this.counts[code]).before;
  }

  /** About so many records of these codes are in the roster: room is made if they are the first; else those of the time before say better how many come. */
  expect(codes: readonly RecordCode[], records: number): void {
    if (codes.every((code) => this.before(code) === 0)) this.#index.expect(records);
  }

  /** A good record: marks it seen. `content` becomes its content. */
  see(code: RecordCode, key: Int32Array, content: Int32Array): Sighting {
    const index = this.#index;
    const entry = index.find(key);
    if (entry === -1) {
      this.entry = index.add(key, content, code, SEEN | ADDED);
      const counts = must(this.counts[code]);
      counts.records += 1;
      counts.created += 1;
      return 'new';
    }
    this.entry = entry;
    if ((index.flags(entry) & SEEN) !== 0) return 'again';
    index.addFlags(entry, SEEN);
    const counts = must(this.counts[code]);
    counts.records += 1;
    if (index.hasContent(entry, content)) return 'same';
    index.setContent(entry, content);
    counts.updated += 1;
    return 'changed';
  }

  /** The entry of a record that is in the snapshot with just that content, and was not seen yet; -1: there is none. Nothing is marked. */
  findSame(key: Int32Array, content: Int32Array): number {
    const index = this.#index;
    const entry = index.find(key);
    return entry !== -1 && (index.flags(entry) & SEEN) === 0 && index.hasContent(entry, content) ? entry : -1;
  }

  /** A good record that findSame found. */
  seeSame(entry: number, code: RecordCode): void {
    this.#index.addFlags(entry, SEEN);
    must(this.counts[code]).records += 1;
  }

  /** Is there such a record, from before or from this run? */
  knows(key: Int32Array): boolean {
    return this.#index.find(key) !== -1;
  }

  /** Was there such a record before this run? */
  knewBefore(key: Int32Array): boolean {
    const entry = this.#index.find(key);
    return entry !== -1 && !this.isNew(entry);
  }

  /** What became of a record that may have been met in this run. */
  stateOf(key: Int32Array): 'unknown' | 'unmet' | 'kept' | 'seen' {
    const entry = this.#index.find(key);
    if (entry === -1) return 'unknown';
    const flags = this.#index.flags(entry);
    return (flags & SEEN) !== 0 ? 'seen' : (flags & KEPT) !== 0 ? 'kept' : 'unmet';
  }

  /** A record that is not good now, or hangs on one: its last good state stays. @returns whether there is one. */
  keep(key: Int32Array): boolean {
    this.entry = this.#index.find(key);
    if (this.entry === -1) return false;
    if (!this.isCurrent(this.entry)) must(this.counts[this.#index.code(this.entry)]).kept += 1;
    this.#index.addFlags(this.entry, KEPT);
    return true;
  }

  /** Is there such a record, with that content? */
  holds(key: Int32Array, content: Int32Array): boolean {
    const entry = this.#index.find(key);
    return entry !== -1 && this.#index.hasContent(entry, content);
  }

  /** Groups in which other files said something of the record before, a bit each. */
  describedBits(key: Int32Array): number {
    const entry = this.#index.find(key);
    return entry === -1 ? 0 : this.describedBitsOf(entry);
  }

  describedBitsOf(entry: number): number {
    return this.#index.described(entry);
  }

  /** A person who was seen: in which groups other files say something of them. */
  describe(entry: number, bits: number): void {
    const before = this.describedBitsOf(entry);
    if (before === bits) return;
    this.#index.describe(entry, bits);
    for (let group = 0; group < DESCRIBED_GROUPS; group += 1)
      if ((before & ~bits & (1 << group)) !== 0) (this.describedNoMore[group] as number) += 1;
  }

  /** Is that the content the entry has now? */
  hasContent(entry: number, content: Int32Array): boolean {
    return this.#index.hasContent(entry, content);
  }

  /** Not in the snapshot. */
  isNew(entry: number): boolean {
    return (this.#index.flags(entry) & ADDED) !== 0;
  }

  /** Fills `into` with the key of a record. */
  copyKey(entry: number, into: Int32Array): void {
    this.#index.copyKey(entry, into);
  }

  /** The records, if they are in memory: an entry's key stands at `entry * RECORD_WORDS`. Moves when records are added. */
  get recordsInMemory(): Int32Array | null {
    return this.#index.inMemory;
  }

  /** Gives out the item of a record that `see` called new or changed. */
  emit(sighting: 'new' | 'changed', code: RecordCode, entry: number, parts: ItemParts): void {
    this.itemCount += 1;
    if (this.#stopped) return;
    const reason: Reason =
      sighting === 'new' ? 'newInSource' : this.#settingsChanged ? 'settingsChanged' : 'changedInSource';
    const kind = must(KIND_OF_CODE[code]);
    const band = KINDS.indexOf(kind);
    this.#sink.add({
      itemNo: band * ITEM_BAND + this.#next(band),
      code,
      kind,
      action: sighting === 'new' ? 'create' : 'update',
      reason,
      entry,
      firstEntry: parts.firstEntry ?? NO_ENTRY,
      secondEntry: parts.secondEntry ?? NO_ENTRY,
      thirdEntry: parts.thirdEntry ?? NO_ENTRY,
      sourceId: parts.sourceId,
      schoolId: parts.schoolId ?? null,
      objectId: parts.objectId ?? null,
      after: parts.after ?? null,
      secret: parts.secret ?? null,
      file: parts.file,
      line: parts.line,
    });
  }

  /**
   * Ends what the snapshot has and the run did not see; kinds reversed, so that what points goes before what is pointed
   * at. Codes of `spared` are not ended. `fileOf`: the file whose silence ends a record. Yields now and then, for draining.
   */
  *endAbsent(
    spared: ReadonlySet<RecordCode>,
    fileOf: (code: RecordCode) => string,
  ): Generator<void, void, undefined> {
    const index = this.#index;
    const { size } = index;
    const absent = Array.from({ length: RECORD_CODE_COUNT }, () => 0);
    for (let entry = 0; entry < size; entry += 1) {
      if (!this.isCurrent(entry)) absent[index.code(entry)] = 1;
    }
    for (let number = RECORD_CODE_COUNT - 1; number >= 0; number -= 1) {
      if (absent[number] === 0) continue;
      const code = number as RecordCode;
      const counts = must(this.counts[code]);
      const spare = spared.has(code);
      const file = fileOf(code);
      for (let entry = 0; entry < size; entry += 1) {
        if (this.isCurrent(entry) || index.code(entry) !== code) continue;
        if (spare) {
          index.addFlags(entry, KEPT);
          counts.spared += 1;
          continue;
        }
        counts.ended += 1;
        this.#end(code, entry, file);
        if (counts.ended % 20_000 === 0) yield;
      }
    }
  }

  /** No more items: a fault makes them useless. What is counted goes on being counted. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#sink.discard();
  }

  /** Entries that are current once the items are applied. */
  isCurrent(entry: number): boolean {
    return (this.#index.flags(entry) & (SEEN | KEPT)) !== 0;
  }

  #end(code: RecordCode, entry: number, file: string): void {
    this.itemCount += 1;
    if (this.#stopped) return;
    this.#sink.add({
      itemNo: ENDINGS_BAND_START + this.#next(KINDS.length),
      code,
      kind: must(KIND_OF_CODE[code]),
      action: 'end',
      reason: 'absentInSource',
      entry,
      firstEntry: NO_ENTRY,
      secondEntry: NO_ENTRY,
      thirdEntry: NO_ENTRY,
      sourceId: null,
      schoolId: null,
      objectId: null,
      after: null,
      secret: null,
      file,
      line: null,
    });
  }

  #next(band: number): number {
    const next = this.#nextByBand[band] as number;
    assert(next < ITEM_BAND, 'more items of one kind than a band holds');
    this.#nextByBand[band] = next + 1;
    return next;
  }
}
