import { createHash } from 'node:crypto';

import type { RecognizedFormat, RosterFormat } from '#core/roster/formats.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';
import { KIND_OF_CODE, RECORD_CODES, type RecordCode, type RecordName } from '#core/roster/record-codes.ts';
import { assert, must } from '#lib/assert.ts';

import type { FileSummary, KindSummary, MappingSettings, SourceFile, StageResult } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import type { ItemSink } from '../item-sink.ts';
import type { OpenedRoster } from '../open-roster.ts';
import { RosterDelta } from '../roster-delta.ts';
import type { RecordIndex } from '../snapshot/record-index.ts';
import { detailsGone, fileOfDetail, reportKept, reportStrangers } from './check-details.ts';
import { checkManifest, MANIFEST_FILE, provesWhole, readManifest } from './manifest.ts';
import {
  checkOneRosterManifest,
  type FileMode,
  fileModes,
  ONEROSTER_MANIFEST,
  readOneRosterManifest,
} from './oneroster-manifest.ts';
import { readRosterFile } from './read-roster-file.ts';
import {
  reportAlone,
  reportDetailsGone,
  reportEmpty,
  reportMissing,
  reportPlacesGone,
  reportSpared,
  reportTwin,
} from './report-files.ts';
import { openRosterState } from './open-roster-state.ts';
import { DETAIL_GROUPS, type DetailName } from './person-details.ts';
import {
  type FileDefinition,
  type FileName,
  fileOfRecord,
  type FormatDefinition,
  isOfPeople,
} from './format.ts';
import { FORMATS } from './formats.ts';
import { recognizeFormat } from './recognize-format.ts';
import { sortFiles } from './sort-files.ts';
import type { DigestOptions } from './threads/digest-threads.ts';

export interface StageRosterInput {
  readonly roster: OpenedRoster;
  readonly mapping: MappingSettings;
  /** Null: to be recognized. */
  readonly format: RosterFormat | null;
  /** What is known of the format already. */
  readonly recognized?: RecognizedFormat;
  /** Delta files that no set is there for: they are checked by themselves, and nothing may be synced of them. */
  readonly alone?: boolean;
  /** 32 secret bytes of the tenant. */
  readonly hashKey: Uint8Array;
  /** The snapshot; marked and added to. */
  readonly index: RecordIndex;
  /** Fingerprint of the settings the snapshot was made under; null: not known. */
  readonly snapshotFingerprint: string | null;
  /** Files (lower case) that may be missing or without rows although they had records. */
  readonly confirmedFiles: readonly string[];
  /** Threads that look at rows beforehand; null: there are none. */
  readonly digest?: DigestOptions | null;
}

export interface StageRosterTools {
  readonly items: ItemSink;
  readonly findings: FindingCollector;
  readonly newId: () => string;
  /** Null: initial passwords are not kept. */
  readonly sealPassword: (password: string) => Buffer | null;
  /** A clock for timings, in milliseconds. */
  readonly nowMs: () => number;
  readonly onProgress?: (progress: { readonly rowsDone: number; readonly bytesDone: number }) => void;
}

export interface StagedRoster {
  readonly result: StageResult;
  /** Entries of the index that are current once all items are applied: the next snapshot. */
  readonly isCurrent: (entry: number) => boolean;
}

/** The settings that change what a row means, as 16 bytes: a snapshot says under which it was made. */
export function fingerprintOf(mapping: MappingSettings): Buffer {
  return createHash('sha256').update(canonicalJson(mapping)).digest().subarray(0, 16);
}

/**
 * What of the settings goes into content hashes. The lists do not: hashes are made of the values as they are stored, so a list that was
 * changed changes those records alone whose values it judges otherwise; so it is with the encoding. Nor does the anchor of classes: it is in their
 * keys; nor do the accepted domains: they change no record.
 */
function contentFingerprintOf(mapping: MappingSettings): Buffer {
  const { lists: _, classAnchor: __, encoding: ___, acceptedDomains: ____, ...rest } = mapping;
  return fingerprintOf(rest);
}

/**
 * Reads, checks and compares the files of a roster once, streaming: findings into the collector, plan items into the
 * sink. The index is marked and added to.
 */
export async function stageRoster(input: StageRosterInput, tools: StageRosterTools): Promise<StagedRoster> {
  const { mapping, index, roster } = input;
  const { findings, items } = tools;
  const fingerprint = fingerprintOf(mapping);
  const settingsChanged =
    input.snapshotFingerprint !== null && input.snapshotFingerprint !== fingerprint.toString('hex');
  const delta = new RosterDelta(index, items, settingsChanged);
  const { definition: format, recognized } =
    input.recognized === undefined
      ? await recognizeFormat(roster.files, input.format)
      : { definition: FORMATS[must(input.recognized.name)], recognized: input.recognized };
  const fileOf = (code: RecordCode): string => fileOfRecord(format, code);
  const manifestFiles = roster.files.filter(({ name }) => name.toLowerCase() === MANIFEST_FILE);
  const [manifestFile] = manifestFiles;
  let manifest =
    manifestFile === undefined || manifestFiles.length > 1
      ? null
      : await readManifest(manifestFile, findings);
  const ownManifest =
    format.manifest === undefined
      ? undefined
      : roster.files.find(({ name }) => name.toLowerCase() === ONEROSTER_MANIFEST);
  const filesByName = sortFiles(
    roster.files.filter((file) => file !== manifestFile && file !== ownManifest),
    format,
    findings,
  );
  const modes =
    ownManifest === undefined ? null : await readModes(ownManifest, format, filesByName, findings, input);
  const state = await openRosterState(
    input,
    tools,
    delta,
    contentFingerprintOf(mapping),
    format,
    filesByName,
  );
  const summaries: FileSummary[] = [];
  const namesByContent = new Map<string, FileName>();
  const filesToConfirm: string[] = [];
  const timings: Record<string, number> = {};
  let rowsDone = 0;
  let bytesDone = 0;
  assert(!roster.refused || findings.fatal, 'whoever refuses a roster says why, and nothing ends for it');
  if (findings.fatal) delta.stop();
  // What a delta file does not have may be in the set that it changes.
  for (const [name, mode] of modes ?? []) {
    if (mode === 'bulk') continue;
    state.unusable.add(name);
    const reader = format.files.find((file) => file.name === name)?.reader;
    if (reader === 'roles' && state.userRoles !== null) state.userRoles.isWhole = false;
  }

  for (const definition of format.files) {
    const startedMs = tools.nowMs();
    const recordsBefore =
      definition.describes === undefined
        ? recordsOf(definition).reduce((sum, name) => sum + delta.before(RECORD_CODES[name]), 0)
        : describedBefore(delta, definition.describes);
    const hadRecords = recordsBefore > 0;
    const confirmed = input.confirmedFiles.includes(definition.name);
    const file = filesByName.get(definition.name);
    if (file === undefined) {
      // Of an archive that is refused nobody knows what is in it; of delta files most are not there.
      if (roster.refused || modes !== null) continue;
      const partner = definition.together?.find((name) => filesByName.has(name));
      if (partner !== undefined) {
        reportAlone(findings, definition, partner);
        state.unusable.add(definition.name);
        continue;
      }
      // It never was there.
      if (definition.optional === true && !hadRecords) continue;
      if (definition.describes !== undefined && definition.describes !== 'shared')
        state.details.state(DETAIL_GROUPS[definition.describes]);
      if (hadRecords) filesToConfirm.push(definition.name);
      reportMissing(findings, definition, hadRecords, confirmed && hadRecords);
      if (!confirmed || !hadRecords) state.unusable.add(definition.name);
    } else {
      const sha256 = createHash('sha256');
      const read = await readRosterFile(state, findings, definition, file, sha256, async (progress) => {
        tools.onProgress?.({ rowsDone: rowsDone + progress.rows, bytesDone: bytesDone + progress.bytes });
        if (findings.fatal) delta.stop();
        await items.drain();
      });
      rowsDone += read.rows;
      bytesDone += read.bytes;
      if (file.isBroken?.() === true) {
        assert(findings.fatal, 'whoever finds a file broken says so, and nothing ends for it');
        manifest = null;
        state.unusable.add(definition.name);
        continue;
      }
      if (!read.usable) state.unusable.add(definition.name);
      else if (read.rows === 0 && modes === null) {
        if (hadRecords) filesToConfirm.push(definition.name);
        reportEmpty(findings, definition, hadRecords && !confirmed);
      }
      if (definition.reader === 'sections' && read.badRows > 0) {
        // What a faulty section said of others is not known to be absent.
        for (const name of definition.feeds.slice(1)) state.spared.add(RECORD_CODES[name]);
      }
      for (const name of placesGone(definition, delta)) {
        if (!read.usable || read.rows === 0 || state.spared.has(RECORD_CODES[name])) continue;
        filesToConfirm.push(definition.name);
        if (!confirmed)
          reportPlacesGone(
            findings,
            definition,
            name === 'studentEnrollment' ? 'student' : 'teacher',
            delta.before(RECORD_CODES[name]),
          );
      }
      const content = sha256.digest('hex');
      const twin = namesByContent.get(content);
      if (twin === undefined) namesByContent.set(content, definition.name);
      // Without rows it may be right: two files of the format have the same columns.
      else if (read.rows > 0) {
        reportTwin(findings, definition, twin);
        state.unusable.add(definition.name).add(twin);
      }
      if (isOfPeople(definition)) {
        for (const gone of read.usable && !findings.fatal
          ? detailsGone(state, format, definition, input.confirmedFiles)
          : []) {
          filesToConfirm.push(gone.file);
          reportDetailsGone(findings, gone);
        }
        if (read.usable) reportStrangers(state, format, findings, summaries);
        reportKept(findings, state, fileOfDetail(format, 'contacts'));
      }
      summaries.push({
        file: definition.name,
        sizeBytes: read.bytes,
        sha256: content,
        rows: read.rows,
        badRows: read.badRows,
        endsInBreak: read.endsInBreak,
        // What others point at proves nothing by its number.
        recordsBefore: definition.describes === 'shared' ? 0 : recordsBefore,
        inManifest: provesWhole(manifest?.get(definition.name)),
        archive: file.archive,
      });
    }
    if (findings.fatal) delta.stop();
    timings[definition.name] = Math.round(tools.nowMs() - startedMs);
  }

  const startedMs = tools.nowMs();
  if (manifest !== null) checkManifest(manifest, summaries, roster.files, findings);
  if (findings.fatal) delta.stop();
  else {
    for (const _ of delta.endAbsent(state.spared, fileOf)) await items.drain();
    findings.withdrawnOrgs.reportTo(findings);
    reportSpared(findings, delta, fileOf);
    await items.drain();
  }
  timings['endings'] = Math.round(tools.nowMs() - startedMs);
  const result: StageResult = {
    format: recognized,
    files: summaries,
    archives: roster.archives,
    kinds: summarizeKinds(delta),
    rosterHash: rosterHashOf(summaries),
    itemCount: findings.fatal ? 0 : delta.itemCount,
    incomplete: state.details.kept,
    findingCounts: findings.counts(),
    samples: findings.samples(),
    fatal: findings.fatal,
    filesToConfirm: [...new Set(filesToConfirm)],
    merge: null,
    mergedUpload: null,
    timings,
  };
  return { result, isCurrent: (entry) => delta.isCurrent(entry) };
}

/** How the files are sent, by the manifest of OneRoster; null: whole. */
async function readModes(
  file: SourceFile,
  format: FormatDefinition,
  filesByName: ReadonlyMap<string, SourceFile>,
  findings: FindingCollector,
  { alone = false }: StageRosterInput,
): Promise<ReadonlyMap<string, FileMode> | null> {
  const manifest = await readOneRosterManifest(file);
  const names = new Set(filesByName.keys());
  const modes = fileModes(manifest, format, names);
  checkOneRosterManifest(manifest, format, names, findings, modes);
  if (modes === null) return null;
  if (!alone)
    findings.report({ code: 'DELTA_WITHOUT_BASE', file: ONEROSTER_MANIFEST }, () => ({
      message: 'The files hold changes, and there is no whole set that they could change.',
    }));
  for (const [name, mode] of modes)
    if (alone && mode === 'delta')
      findings.report({ code: 'FILE_DELTA', file: name }, () => ({
        message: `${name} holds changes. It is checked by itself; whether what its rows name is there, only a sync can tell.`,
      }));
  return modes;
}

/**
 * Places in classes that a file feeds beside its main records: there were some, and it names none of them or others any more. As with a
 * file that has no rows, that is more likely a column that was lost than all of them gone.
 */
function placesGone({ feeds, reader }: FileDefinition, delta: RosterDelta): RecordName[] {
  // Of a file of both groups each may be gone.
  return (reader === 'enrollments' ? feeds : feeds.slice(1)).filter((name) => {
    const code = RECORD_CODES[name];
    const { before, records, kept } = must(delta.counts[code]);
    return KIND_OF_CODE[code] === 'enrollment' && before > 0 && records === 0 && kept === 0;
  });
}

/** What others point at is gone when nothing is said of anybody any more. */
function describedBefore(delta: RosterDelta, describes: DetailName | 'shared'): number {
  return delta.describedBefore[DETAIL_GROUPS[describes === 'shared' ? 'contacts' : describes].number] ?? 0;
}

/** The records whose number before says whether the file had rows: its main one, and the same of the other role. */
function recordsOf({ feeds }: FileDefinition): RecordName[] {
  const [main] = feeds;
  const isOfPerson = (name: RecordName): boolean => /^(?:student|teacher)/u.test(name);
  const sort = (name: RecordName): string => name.replace(/^(?:student|teacher)/u, '');
  return feeds.filter(
    (name) => name === main || (isOfPerson(main) && isOfPerson(name) && sort(name) === sort(main)),
  );
}

function summarizeKinds(delta: RosterDelta): Record<Kind, KindSummary> {
  const of = (kind: Kind): KindSummary => {
    const codes = delta.counts.filter((_, code) => KIND_OF_CODE[code] === kind);
    const sum = (name: keyof KindSummary): number => codes.reduce((total, counts) => total + counts[name], 0);
    return {
      records: sum('records'),
      before: sum('before'),
      created: sum('created'),
      updated: sum('updated'),
      ended: sum('ended'),
    };
  };
  return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, KindSummary>;
}

function rosterHashOf(files: readonly FileSummary[]): string {
  const lines = files.map(({ file, sha256 }) => `${file} ${sha256}\n`).toSorted();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** JSON with sorted names, so that equal settings are equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
