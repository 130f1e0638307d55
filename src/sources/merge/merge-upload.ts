import type { SecretBox } from '#lib/secret-box.ts';
import { messageOf, OperationalError } from '#lib/errors.ts';
import type { RosterFormat } from '#core/roster/formats.ts';
import { MERGE_NOTES } from '#core/upload/merge-notes.ts';
import type { FileStore, WrittenObject } from '#files/file-store.ts';
import type { MergedUpload } from '#storage/uploads/save-merged-upload.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import { type DeltaSet, readDeltaSet } from '../csv/merge/delta-set.ts';
import { BaseUnusableError } from '../csv/merge/merge-file.ts';
import { mergeSets } from '../csv/merge/merge-sets.ts';
import { faultOfWholeSet } from '../csv/merge/check-whole-set.ts';
import { ONEROSTER_MANIFEST } from '../csv/oneroster-manifest.ts';
import { recognizeFormat } from '../csv/recognize-format.ts';
import { FindingCollector, type FindingLimits } from '../finding-collector.ts';
import { openRoster } from '../open-roster.ts';
import type { ZipLimits } from '../zip/zip-entry.ts';
import type { MergeNotes } from './merge-notes.ts';
import { openStoredFiles, rosterFilesByName, type EarlierStoredSet, type StoredSet } from './stored-set.ts';

export interface MergeUploadInput {
  readonly store: FileStore;
  readonly earlier: readonly EarlierStoredSet[];
  readonly mapping: MappingSettings;
  readonly format: RosterFormat | null;
  readonly zipLimits: ZipLimits;
  readonly findingLimits: FindingLimits;
}

export interface MergeUploadTools {
  readonly newId: () => string;
  readonly randomBytes: (size: number) => Buffer;
  readonly secretBox: Pick<SecretBox, 'seal'>;
  /** In a transaction of its own; `isOfRun`: the run goes on with it. */
  readonly save: (upload: MergedUpload, isOfRun: boolean) => Promise<void>;
}

/** What was stored. */
export interface MergedSet extends StoredSet {
  readonly files: readonly (StoredSet['files'][number] & { readonly sha256: string })[];
}

/** A whole set that delta files can be merged into. */
interface Base {
  readonly set: StoredSet;
  readonly format: RosterFormat;
}

/**
 * Merges the delta files of the upload of a run into the newest whole set, and stores what comes of it as an upload of its own. Uploads between the two that no run
 * has read come first, in their order: what they changed must not be lost.
 * @returns null when that cannot be done: fatal findings say why.
 */
export async function mergeUpload(
  input: MergeUploadInput,
  tools: MergeUploadTools,
  upload: StoredSet,
  delta: DeltaSet,
  findings: FindingCollector,
): Promise<MergedSet | null> {
  let base: Base | null = null;
  const skip = (set: StoredSet, why: string): void =>
    findings.report({ code: 'DELTA_SKIPPED', file: ONEROSTER_MANIFEST }, () => ({
      message: `The upload of ${momentOf(set)} ${why}.`,
    }));
  for (const set of input.earlier) {
    if (set.refused) {
      // Behind a base; before it nobody misses it.
      if (base !== null)
        skip(
          set,
          'was refused, and is left out: if this upload does not correct it, its changes are missing',
        );
      continue;
    }
    if (set.format !== null) {
      base = { set, format: set.format };
      continue;
    }
    const caughtUp = await catchUp(input, tools, set, base);
    if ('problem' in caughtUp) skip(set, `was not read by a run, and is left out: ${caughtUp.problem}`);
    else {
      ({ base } = caughtUp);
      findings.report({ code: 'DELTA_CAUGHT_UP', file: ONEROSTER_MANIFEST }, () => ({
        message: `The upload of ${momentOf(set)}, which no run had read, was taken along.`,
      }));
    }
  }
  const problem = faultOfBase(base, delta);
  const refuse = (message: string): null => {
    findings.report({ code: 'DELTA_WITHOUT_BASE', file: ONEROSTER_MANIFEST }, () => ({ message }));
    return null;
  };
  if (base === null || problem !== null)
    return refuse(`The files hold changes, and ${problem ?? 'there is no whole set'}.`);
  try {
    return await mergeInto(input, tools, base, upload, delta, findings, true);
  } catch (error) {
    if (!(error instanceof BaseUnusableError)) throw error;
    return refuse(`The files hold changes, and ${error.message}.`);
  }
}

/** An upload that no run has read becomes the base, or part of it. */
async function catchUp(
  input: MergeUploadInput,
  tools: MergeUploadTools,
  set: EarlierStoredSet,
  base: Base | null,
): Promise<{ readonly base: Base } | { readonly problem: string }> {
  const found = new FindingCollector(input.findingLimits);
  const firstFault = (): string =>
    found.kept.find(({ severity }) => severity === 'fatal')?.message.replace(/\.$/u, '') ??
    'it cannot be used';
  try {
    const roster = await openRoster(openStoredFiles(input.store, set), found, input.zipLimits);
    if (roster.refused) return { problem: firstFault() };
    const delta = await readDeltaSet(roster.files, input.format, input.mapping, found);
    if (delta === null) return await asBase(input, set, roster.files);
    if (found.fatal) return { problem: firstFault() };
    const problem = faultOfBase(base, delta);
    if (base === null || problem !== null) return { problem: problem ?? 'there is no whole set before it' };
    const merged = await mergeInto(input, tools, base, set, delta, found, false);
    return merged === null
      ? { problem: firstFault() }
      : { base: { set: merged, format: delta.definition.name } };
  } catch (error) {
    if (isGone(error) || error instanceof BaseUnusableError) return { problem: messageOf(error) };
    throw error;
  }
}

/** Whole files that no run has read. */
async function asBase(
  { format, mapping }: MergeUploadInput,
  set: StoredSet,
  files: readonly SourceFile[],
): Promise<{ readonly base: Base } | { readonly problem: string }> {
  const { definition } = await recognizeFormat(files, format);
  const problem = await faultOfWholeSet(definition, rosterFilesByName(files), mapping);
  return problem === null ? { base: { set, format: definition.name } } : { problem };
}

function faultOfBase(base: Base | null, { recognized, definition }: DeltaSet): string | null {
  if (base === null)
    return 'there is no whole set that they could change: none was uploaded, or its files are not kept any more';
  return base.format === recognized.name
    ? null
    : `the last whole set was read as ${base.format}, these files as ${definition.name}`;
}

async function mergeInto(
  input: MergeUploadInput,
  { newId, randomBytes, secretBox, save }: MergeUploadTools,
  { set: base }: Base,
  upload: StoredSet,
  delta: DeltaSet,
  findings: FindingCollector,
  isOfRun: boolean,
): Promise<MergedSet | null> {
  const { store } = input;
  const key = randomBytes(32);
  const files: (WrittenObject & { name: string; objectName: string })[] = [];
  const write = async (name: string, plain: AsyncIterable<Uint8Array>): Promise<void> => {
    const objectName = newId();
    const limits = { maxSizeBytes: input.zipLimits.maxFileBytes };
    files.push({ name, objectName, ...(await store.write(objectName, plain, key, limits)) });
  };
  const found = new FindingCollector(input.findingLimits);
  const roster = await openBase(input, base);
  let mayBeNamed = false;
  try {
    const merged = await mergeSets(
      {
        delta,
        base: roster,
        mapping: input.mapping,
        findings: found,
        seed: randomBytes(4).readInt32LE(),
      },
      write,
    );
    findings.absorb(found.kept, found.counts());
    if (merged === null || findings.fatal) return null;
    const notes: MergeNotes = {
      format: delta.recognized,
      summary: {
        baseUploadId: base.uploadId,
        baseSealedAt: base.sealedAt,
        deltaUploadId: upload.uploadId,
        deltaSealedAt: upload.sealedAt,
        files: merged,
      },
      findings: findings.kept,
      findingCounts: findings.counts(),
    };
    await write(MERGE_NOTES, oneChunk(Buffer.from(JSON.stringify(notes))));
    const id = newId();
    // The bytes are durable; from the commit on the set is there, and the run goes on with it, even when no answer to COMMIT comes.
    mayBeNamed = true;
    await save(
      {
        id,
        wrappedKey: secretBox.seal(key),
        format: delta.definition.name,
        baseUploadId: base.uploadId,
        deltaUploadId: upload.uploadId,
        files,
      },
      isOfRun,
    );
    return {
      uploadId: id,
      key,
      files: files.map(({ sha256, ...file }) => ({ ...file, sha256: sha256.toString('hex') })),
      sealedAt: upload.sealedAt,
      merged: true,
    };
  } finally {
    // A crash leaves them to housekeeping, and so does a save that failed.
    if (!mayBeNamed)
      for (const { objectName } of files) await store.remove(objectName).catch(() => undefined);
  }
}

async function openBase(
  { store, zipLimits }: MergeUploadInput,
  base: StoredSet,
): Promise<ReadonlyMap<string, SourceFile>> {
  const found = new FindingCollector();
  try {
    const { files, refused } = await openRoster(openStoredFiles(store, base), found, zipLimits);
    if (refused) throw new BaseUnusableError(`the zip of the last whole set cannot be read`);
    return new Map([...rosterFilesByName(files)].map(([name, file]) => [name, guarded(file)]));
  } catch (error) {
    throw isGone(error) ? goneBase(error) : error;
  }
}

/** Bytes of the base that are not there are no reason to break off: there is no base. */
function guarded(file: SourceFile): SourceFile {
  return {
    ...file,
    async *open() {
      try {
        yield* file.open();
      } catch (error) {
        throw isGone(error) ? goneBase(error) : error;
      }
    },
  };
}

function goneBase(cause: unknown): BaseUnusableError {
  return new BaseUnusableError('the bytes of the last whole set are not there any more, or damaged', cause);
}

function isGone(error: unknown): boolean {
  return error instanceof OperationalError && /^UploadBytes(?:Missing|Damaged)$/u.test(error.code);
}

function momentOf({ sealedAt }: StoredSet): string {
  return `${sealedAt.slice(0, 16).replace('T', ' ')} UTC`;
}

// oxlint-disable-next-line typescript/require-await
async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
