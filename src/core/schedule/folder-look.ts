import type { UploadLimits } from '../upload/upload-limits.ts';

import { likeliestFileSet, type RosterFileSet } from './roster-file-set.ts';

/** What stands in a watched folder. */
export interface FolderEntry {
  readonly name: string;
  /** Links, folders, pipes and devices are never opened. */
  readonly isFile: boolean;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, as text. */
  readonly modified: string;
}

/** How far the scheduler is with the folder: profile_schedule. */
export interface FolderState {
  readonly seen: string | null;
  readonly seenAt: Date | null;
  readonly taken: string | null;
}

export interface FolderLook {
  readonly entries: readonly FolderEntry[];
  /** Fingerprint of everything that stands there, and of the files of the format alone. */
  readonly seen: string;
  readonly fingerprint: string;
}

export interface FolderRules {
  /** The files of each format. */
  readonly fileSets: readonly RosterFileSet[];
  readonly quietSeconds: number;
  readonly limits: Pick<UploadLimits, 'maxFileBytes' | 'maxUploadBytes'>;
}

export interface FolderJudgement {
  /** waits: it is not as it should be, or not for long enough. taken: nothing new. ready: it can be taken. */
  readonly state: 'waits' | 'taken' | 'ready';
  readonly seen: string;
  readonly seenAt: Date;
  /** Why it is not taken, for people. */
  readonly note: string | null;
}

const UNFINISHED =
  /\.(?:tmp|temp|part|partial|filepart|crdownload|lock|lck)$|^\.~lock\.|^~\$|^\.lock$|^lock$/iu;
const SHOWN_NAMES = 5;
const ZIP = '.zip';

/** Whether the files of a watched folder can be taken now. A clock that was set back counts as a change: the quiet time begins anew. */
export function judgeFolder(
  look: FolderLook,
  state: FolderState,
  rules: FolderRules,
  now: Date,
): FolderJudgement {
  const unchanged = state.seen === look.seen && state.seenAt !== null && state.seenAt <= now;
  const seenAt = unchanged && state.seenAt !== null ? state.seenAt : now;
  const judged = { seen: look.seen, seenAt };
  const fault = faultOfEntries(look.entries, rules);
  if (fault !== null) return { ...judged, state: 'waits', note: fault };
  if (look.fingerprint === state.taken)
    return {
      ...judged,
      state: 'taken',
      note: `These files were taken already; other ones are waited for.${ignoredNote(look.entries, rules)}`,
    };
  const quietMs = now.getTime() - seenAt.getTime();
  if (!unchanged || quietMs < rules.quietSeconds * 1_000)
    return {
      ...judged,
      state: 'waits',
      note: `The files are complete; they are taken once nothing has changed for ${rules.quietSeconds} seconds.`,
    };
  const ignored = ignoredNote(look.entries, rules).trim();
  return { ...judged, state: 'ready', note: ignored === '' ? null : ignored };
}

/** The entries that are files of the format that most of them are of, in the order of the rules, or the zip of them. */
export function filesToTake(
  entries: readonly FolderEntry[],
  rules: Pick<FolderRules, 'fileSets'>,
): FolderEntry[] {
  return [...likeliestFiles(entries, rules).all, ZIP].flatMap((file) =>
    entries.filter((entry) => entry.isFile && namedAs(entry, file)),
  );
}

function likeliestFiles(
  entries: readonly FolderEntry[],
  { fileSets }: Pick<FolderRules, 'fileSets'>,
): RosterFileSet {
  const names = new Set(entries.map(({ name }) => name.toLowerCase()));
  return likeliestFileSet(names, fileSets) ?? { required: [], all: [] };
}

/** `file` is a name of the format in lower case, or ZIP: any zip. */
function namedAs({ name }: FolderEntry, file: string): boolean {
  return file === ZIP ? name.toLowerCase().endsWith(ZIP) : name.toLowerCase() === file;
}

function faultOfEntries(entries: readonly FolderEntry[], rules: FolderRules): string | null {
  const unfinished = entries.filter(({ name }) => UNFINISHED.test(name));
  if (unfinished.length > 0)
    return `Still being written: the folder holds ${listOf(unfinished.map(({ name }) => name))}.`;
  const files = likeliestFiles(entries, rules);
  const missing: string[] = [];
  let bytes = 0;
  const zips = entries.filter((entry) => namedAs(entry, ZIP));
  if (zips.length > 0) {
    const rest = entries.filter((entry) => files.all.some((file) => namedAs(entry, file)));
    if (zips.length + rest.length > 1)
      return `The folder holds ${listOf([...zips, ...rest].map(({ name }) => name))}: leave either one zip or the files themselves.`;
  }
  const expected = zips.length > 0 ? [ZIP] : files.required;
  for (const file of zips.length > 0 ? [ZIP] : files.all) {
    const found = entries.filter((entry) => namedAs(entry, file));
    const other = found.find(({ isFile }) => !isFile);
    if (other !== undefined) return `${shown(other.name)} is no regular file; links are not followed.`;
    if (found.length > 1)
      return `The folder holds ${listOf(found.map(({ name }) => name))}: remove one of them.`;
    const [entry] = found;
    if (entry === undefined) {
      if (expected.includes(file)) missing.push(file);
    } else if (entry.sizeBytes > rules.limits.maxFileBytes)
      return `${shown(entry.name)} is larger than the ${rules.limits.maxFileBytes} bytes that a file may have.`;
    else bytes += entry.sizeBytes;
  }
  if (missing.length === expected.length) return 'The folder holds no files yet.';
  if (missing.length > 0) return `These files are missing: ${missing.join(', ')}.`;
  if (bytes > rules.limits.maxUploadBytes)
    return `The files are larger than the ${rules.limits.maxUploadBytes} bytes that an upload may have, all together.`;
  return null;
}

function ignoredNote(entries: readonly FolderEntry[], rules: FolderRules): string {
  const files = [...likeliestFiles(entries, rules).all, ZIP];
  const ignored = entries
    .filter((entry) => !files.some((file) => namedAs(entry, file)))
    .map(({ name }) => name);
  return ignored.length === 0 ? '' : ` Ignored: ${listOf(ignored)}.`;
}

function listOf(names: readonly string[]): string {
  const first = names.slice(0, SHOWN_NAMES).map(shown).join(', ');
  return names.length > SHOWN_NAMES ? `${first} and ${names.length - SHOWN_NAMES} more` : first;
}

function shown(name: string): string {
  return name.slice(0, 60).replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
