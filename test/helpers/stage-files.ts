import type { Finding } from '#core/findings.ts';
import type { RosterFormat } from '#core/roster/formats.ts';
import type { MappingSettings, StageResult, UploadedFile } from '#sources/contract.ts';
import { fingerprintOf, stageRoster } from '#sources/csv/stage-roster.ts';
import type { DigestOptions } from '#sources/csv/threads/digest-threads.ts';
import { FindingCollector, type FindingLimits } from '#sources/finding-collector.ts';
import { memoryItems, type ShownItem } from '#sources/item-sink.ts';
import { openRoster } from '#sources/open-roster.ts';
import { RecordIndex } from '#sources/snapshot/record-index.ts';
import type { ZipLimits } from '#sources/zip/zip-entry.ts';
import { CREATE_MAPPING } from './stage-upload.ts';

export interface StagedFiles {
  readonly result: StageResult;
  readonly items: readonly ShownItem[];
  readonly findings: readonly Finding[];
  /** The snapshot as it is when all items are applied. */
  readonly next: RecordIndex;
  readonly fingerprint: string;
}

export interface StageFilesOptions {
  readonly mapping?: MappingSettings;
  readonly format?: RosterFormat;
  /** What an earlier call answered: its snapshot is compared with. */
  readonly after?: Pick<StagedFiles, 'next' | 'fingerprint'>;
  readonly confirmedFiles?: readonly string[];
  readonly limits?: FindingLimits;
  /** As rollbook validate does with delta files. */
  readonly alone?: boolean;
  readonly zipLimits?: ZipLimits;
  /** Bytes of a chunk. */
  readonly chunkBytes?: number;
  /** Threads that look at rows beforehand. */
  readonly digest?: DigestOptions;
  /** The records are in a file there, as with very large rosters. */
  readonly recordsOnDiskIn?: string;
}

const HASH_KEY = Buffer.alloc(32, 'test');

/** Stages files in memory: what a stage in a worker does, without thread, database and encryption. */
export async function stageFiles(
  files: Readonly<Record<string, string | Uint8Array | UploadedFile['read']>>,
  options: StageFilesOptions = {},
): Promise<StagedFiles> {
  const mapping = options.mapping ?? CREATE_MAPPING;
  const index =
    options.recordsOnDiskIn === undefined
      ? new RecordIndex()
      : new RecordIndex(0, { directory: options.recordsOnDiskIn, recordsInMemory: 0 });
  if (options.after !== undefined)
    for (const records of options.after.next.recordsInParts(() => true, 10_000)) index.addAll(records);
  const findings = new FindingCollector(options.limits);
  const sink = memoryItems(index);
  let ids = 0;
  const { result, isCurrent } = await stageRoster(
    {
      roster: await openRoster(
        Object.entries(files).map(([name, content]) => toFile(name, content, options.chunkBytes)),
        findings,
        options.zipLimits,
      ),
      mapping,
      format: options.format ?? null,
      hashKey: HASH_KEY,
      index,
      snapshotFingerprint: options.after?.fingerprint ?? null,
      confirmedFiles: options.confirmedFiles ?? [],
      alone: options.alone ?? false,
      digest: options.digest ?? null,
    },
    {
      items: sink,
      findings,
      newId: () => `00000000-0000-7000-8000-${String((ids += 1)).padStart(12, '0')}`,
      sealPassword: (password) => Buffer.from(password),
      nowMs: () => 0,
    },
  );
  const next = new RecordIndex();
  for (const records of index.recordsInParts(isCurrent, 10_000)) next.addAll(records);
  index.close();
  return {
    result,
    items: sink.items,
    findings: findings.kept,
    next,
    fingerprint: fingerprintOf(mapping).toString('hex'),
  };
}

/** A function makes the chunks of a file that is too large to keep. */
function toFile(
  name: string,
  content: string | Uint8Array | UploadedFile['read'],
  chunkBytes = 1 << 20,
): UploadedFile {
  if (typeof content === 'function') return { name, sizeBytes: 0, read: content };
  const all = Buffer.from(content);
  return {
    name,
    sizeBytes: all.length,
    // oxlint-disable-next-line typescript/require-await
    async *read(range) {
      const bytes = range === undefined ? all : all.subarray(range.start, range.start + range.sizeBytes);
      for (let at = 0; at < bytes.length; at += chunkBytes)
        yield Buffer.from(bytes.subarray(at, at + chunkBytes));
    },
  };
}

/** `create class 11001` and so on, sorted: what a plan does, whatever the order. */
export function shown(items: readonly ShownItem[]): string[] {
  return items.map((item) => `${item.action} ${item.kind} ${item.sourceId ?? item.key}`).toSorted();
}

/** `CODE file:line field (severity)`, as tests compare findings. */
export function shownFindings(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ code, file, line, field, severity }) =>
      `${code} ${file}${line === undefined ? '' : `:${line}`}${field === undefined ? '' : ` ${field}`} (${severity})`,
  );
}
