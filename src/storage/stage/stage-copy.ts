import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import type { Finding } from '#core/findings.ts';
import type { Action, Kind, Reason } from '#core/roster/kinds.ts';
import { BinaryCopyWriter, encodeTexts } from './binary-copy-writer.ts';

/** Records: four words of key, two of content, in the order of memory, and one more. */
export interface LocatedRecords {
  readonly words: Int32Array;
  /** Where the record of an entry stands in `words`, until another one is located. */
  locate(entry: number): number;
}

/** A plan item of a stage. Keys are entries of the records passed beside it, -1 for none. */
export interface PlanItemCopyRow {
  readonly itemNo: number;
  readonly kind: Kind;
  readonly action: Action;
  readonly reason: Reason;
  readonly entry: number;
  readonly firstEntry: number;
  readonly secondEntry: number;
  readonly thirdEntry: number;
  readonly sourceId: string | null;
  readonly schoolId: string | null;
  readonly objectId: string | null;
  readonly after: string | null;
  readonly secret: Buffer | null;
  readonly file: string;
  readonly line: number | null;
}

const ITEM_COLUMNS = [
  'run_id, item_no, kind, action, reason, key, content, source_id, school_id, first_key, second_key, third_key',
  'object_id, after, secret, file, line',
].join(', ');
const ITEM_FIELDS = 17;
const FINDING_COLUMNS =
  'run_id, finding_no, severity, code, file, line, field, value, kind, source_id, message';
const FINDING_FIELDS = 11;

/** What may be on its way to the server before the sender waits. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** Sends blocks into a COPY. The server works on some while the caller makes the next: both have a core. */
class CopyStream {
  readonly #stream: ReturnType<typeof copyFrom>;
  #failure: Error | null = null;
  #pendingBytes = 0;
  #wake: (() => void) | null = null;

  constructor(client: Client, text: string) {
    this.#stream = client.query(copyFrom(text, { highWaterMark: MAX_PENDING_BYTES }));
    this.#stream.on('error', (error) => {
      this.#failure ??= error;
      // The stream has let go of its connection, and would stumble over that with the next block: PostgreSQL's own words would be lost.
      this.#stream.destroy();
      this.#wake?.();
    });
  }

  async send(blocks: Buffer[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    for (const block of blocks.splice(0)) {
      this.#pendingBytes += block.length;
      this.#stream.write(block, () => {
        this.#pendingBytes -= block.length;
        this.#wake?.();
      });
    }
    // Lets the event loop write to the socket, even if nothing has to wait.
    await setImmediate();
    while (this.#pendingBytes > MAX_PENDING_BYTES && this.#failure === null) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = null;
    if (this.#failure !== null) throw this.#failure;
  }

  async finish(blocks: Buffer[]): Promise<void> {
    await this.send(blocks);
    this.#stream.end();
    await once(this.#stream, 'finish');
  }

  /** Makes the server refuse what came so far: the transaction is over. */
  async fail(): Promise<void> {
    if (this.#failure !== null) return;
    const closed = once(this.#stream, 'close').catch(() => undefined);
    this.#stream.destroy();
    await closed;
  }
}

/**
 * COPY of plan items into bulk.plan_item, inside the caller's transaction (whose tenant the rows get). `add` is
 * synchronous and fills memory; `drain` sends it. Row-level security does not allow COPY into its tables: see the migration.
 */
export class PlanItemCopy {
  readonly #client: Client;
  readonly #writer = new BinaryCopyWriter();
  readonly #runId: Buffer;
  /** Encoded fields that repeat: by kind and reason those two and the action between; by file. */
  readonly #labels = new Map<Kind, Map<Reason, Buffer>>();
  readonly #files = new Map<string, Buffer>();
  #stream: CopyStream | null = null;

  constructor(client: Client, runId: Buffer) {
    this.#client = client;
    this.#runId = runId;
  }

  get rows(): number {
    return this.#writer.rows;
  }

  add(row: PlanItemCopyRow, records: LocatedRecords): void {
    const { sourceId, schoolId, objectId, after, secret } = row;
    const texts = (sourceId?.length ?? 0) + (schoolId?.length ?? 0) + (after?.length ?? 0);
    const writer = this.#writer;
    writer.beginRow(ITEM_FIELDS, 512 + texts * 3 + (secret?.length ?? 0));
    writer.bytes(this.#runId);
    writer.integer(row.itemNo);
    writer.encoded(this.#label(row));
    this.#key(row.entry, records);
    if (row.action === 'end') writer.null();
    else writer.words(records.words, records.locate(row.entry) + 4, 2);
    writer.text(sourceId);
    writer.text(schoolId);
    this.#key(row.firstEntry, records);
    this.#key(row.secondEntry, records);
    this.#key(row.thirdEntry, records);
    writer.uuid(objectId);
    writer.jsonb(after);
    writer.bytes(secret);
    writer.encoded(this.#file(row.file));
    writer.integer(row.line);
  }

  async drain(): Promise<void> {
    if (this.#writer.blocks.length === 0) return;
    await this.#open().send(this.#writer.blocks);
  }

  async finish(): Promise<void> {
    this.#writer.end();
    await this.#open().finish(this.#writer.blocks);
  }

  /** Throws away what came so far. The transaction must be rolled back then. */
  async fail(): Promise<void> {
    await this.#stream?.fail();
  }

  #open(): CopyStream {
    this.#stream ??= new CopyStream(
      this.#client,
      `copy bulk.plan_item (${ITEM_COLUMNS}) from stdin (format binary)`,
    );
    return this.#stream;
  }

  #key(entry: number, records: LocatedRecords): void {
    if (entry === -1) this.#writer.null();
    else this.#writer.words(records.words, records.locate(entry), 4);
  }

  /** A reason belongs to one action, so kind and reason name all three. */
  #label({ kind, action, reason }: PlanItemCopyRow): Buffer {
    let byReason = this.#labels.get(kind);
    if (byReason === undefined) this.#labels.set(kind, (byReason = new Map()));
    let label = byReason.get(reason);
    if (label === undefined) byReason.set(reason, (label = encodeTexts([kind, action, reason])));
    return label;
  }

  #file(file: string): Buffer {
    let encoded = this.#files.get(file);
    if (encoded === undefined) this.#files.set(file, (encoded = encodeTexts([file])));
    return encoded;
  }
}

/** COPY of findings into bulk.finding, in the caller's transaction; numbered from 1. */
export async function copyFindings(
  client: Client,
  runId: Buffer,
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  const writer = new BinaryCopyWriter();
  const stream = new CopyStream(client, `copy bulk.finding (${FINDING_COLUMNS}) from stdin (format binary)`);
  for (const [index, finding] of findings.entries()) {
    const { field = null, value = null, kind = null, sourceId = null, line = null } = finding;
    const texts = [finding.file, field, value, kind, sourceId, finding.message];
    writer.beginRow(FINDING_FIELDS, 256 + texts.reduce((sum, text) => sum + (text?.length ?? 0) * 3, 0));
    writer.bytes(runId);
    writer.integer(index + 1);
    writer.text(finding.severity);
    writer.text(finding.code);
    writer.text(finding.file);
    writer.integer(line);
    writer.text(field);
    writer.text(value);
    writer.text(kind);
    writer.text(sourceId);
    writer.text(finding.message);
    if (writer.blocks.length > 4) await stream.send(writer.blocks);
  }
  writer.end();
  await stream.finish(writer.blocks);
}
