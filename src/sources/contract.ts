import type { Finding, FindingCount } from '#core/findings.ts';
import type { ClassAnchor } from '#core/roster/class-anchor.ts';
import type { RecognizedFormat, WindowsEncoding } from '#core/roster/formats.ts';
import type { Kind } from '#core/roster/kinds.ts';
import type { AcceptedDomains } from '#core/users/accepted-domains.ts';
import type { ListChanges } from '#core/roster/reference-list.ts';
import type { ByteRange } from '#files/file-store.ts';

/** One file as it was uploaded, or as it lies on a disk (validate): a file of the roster, or a zip of them. */
export interface UploadedFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** The plain bytes, streaming: all, or the range. Any number of times. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** One file of a roster, loose or out of a zip: see openRoster. */
export interface SourceFile {
  /** As uploaded, or as the zip names it, without a folder. */
  readonly name: string;
  /** Of a file in a zip: as the zip states it. */
  readonly sizeBytes: number;
  /** The zip it is in, in lower case. */
  readonly archive: string | null;
  /** The plain bytes, streaming, from the first on. Called several times: a file is looked through before its rows are taken. */
  open(): AsyncIterable<Uint8Array>;
  /** After reading: the bytes ended early, and a fatal finding says why. */
  isBroken?(): boolean;
}

/** A zip as it was read. */
export interface ArchiveSummary {
  /** In lower case. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The settings of a profile that change what a row means. All of it but the lists, the encoding, the anchor of classes and the accepted domains goes into the content hash (its fingerprint). */
export interface MappingSettings {
  readonly mappingVersion: number;
  /** Per entity, the optional columns to take; null: all (Graph: optionalPropertiesToSync). */
  readonly optionalProperties: {
    readonly school: readonly string[] | null;
    readonly section: readonly string[] | null;
    readonly student: readonly string[] | null;
    readonly teacher: readonly string[] | null;
  };
  readonly identity:
    | {
        readonly mode: 'create';
        readonly domains: { readonly student: string | null; readonly teacher: string | null };
      }
    | {
        readonly mode: 'match';
        readonly options: Readonly<Partial<Record<'student' | 'teacher', MatchOption>>>;
      };
  /** Replace characters that the directory does not take, instead of dropping the record. */
  readonly replaceSpecialCharacters: boolean;
  /** The domains that user names may have, by role; absent: any. */
  readonly acceptedDomains?: AcceptedDomains;
  /** What tells classes apart; absent: their id. */
  readonly classAnchor?: ClassAnchor;
  /** What files are that are neither UTF-8 nor UTF-16; absent: it is to be found out. */
  readonly encoding?: WindowsEncoding;
  /** What the tenant has otherwise than the reference lists; absent: nothing. */
  readonly lists?: ListChanges;
}

export interface MatchOption {
  /** Column title in the file, case-sensitive. */
  readonly sourceProperty: string;
  /** Property of the account: one of MATCH_TARGETS. */
  readonly targetProperty: string;
  /** Appended as `value@domain`; null: compare as is. */
  readonly targetDomain: string | null;
}

export interface FileSummary {
  /** Lower-case standard name, for instance `student.csv`. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Data rows, blank lines left out. */
  readonly rows: number;
  /** Rows with at least one error: not applied. */
  readonly badRows: number;
  /** Whether its last line is ended by a line break. */
  readonly endsInBreak: boolean;
  /** Records of its main kind that were current before this run. */
  readonly recordsBefore: number;
  /** The manifest of the upload names its rows or its hash. */
  readonly inManifest: boolean;
  /** The zip it was in, in lower case; null: it came loose. */
  readonly archive: string | null;
}

export interface KindSummary {
  /** Valid records in the files. */
  readonly records: number;
  /** Records in the snapshot before: what is active in the directory from this source system. */
  readonly before: number;
  readonly created: number;
  readonly updated: number;
  readonly ended: number;
}

/** Where the rows of a file of a merged set are from. */
export interface MergedFileSummary {
  readonly file: string;
  /** delta: changed rows of this upload and the rest of the set before; bulk: this upload; kept: the set before. */
  readonly from: 'delta' | 'bulk' | 'kept';
  /** Rows of the file of this upload. */
  readonly deltaRows: number;
  /** Rows of the set before that a row of the delta file took the place of. */
  readonly replacedRows: number;
  /** Rows of the delta file that are older than what they would change. */
  readonly outdatedRows: number;
  /** Rows of the set before that stayed. */
  readonly keptRows: number;
  /** Lines of the file of this upload: what stands behind them was kept. */
  readonly deltaLines: number;
}

/** Delta files were merged into the set before. Times as ISO 8601. */
export interface MergeSummary {
  readonly baseUploadId: string;
  readonly baseSealedAt: string;
  readonly deltaUploadId: string;
  readonly deltaSealedAt: string;
  readonly files: readonly MergedFileSummary[];
}

/**
 * What the stage hands to planning. The items (staged-item.ts) and the findings themselves are in the database, or nowhere:
 * validate.
 */
export interface StageResult {
  readonly format: RecognizedFormat;
  readonly files: readonly FileSummary[];
  /** Zips that files of the roster were in: compared with what was received, as loose files are. */
  readonly archives: readonly ArchiveSummary[];
  readonly kinds: Readonly<Record<Kind, KindSummary>>;
  /** Hash over the names and hashes of all files: pins the plan to what it was made from. */
  readonly rosterHash: string;
  readonly itemCount: number;
  /** Items of people of whom other files could not be read wholly (`incomplete` in their record): planning fills them in. */
  readonly incomplete: number;
  readonly findingCounts: readonly FindingCount[];
  /** The first few findings of each kind (up to 100 in all), for messages without another query. */
  readonly samples: readonly Finding[];
  /** At least one fatal finding: nothing may be applied. */
  readonly fatal: boolean;
  /** Files that are missing or header-only and had rows: each needs its own confirmation. */
  readonly filesToConfirm: readonly string[];
  /** Null: the files are as they were uploaded. */
  readonly merge: MergeSummary | null;
  /** The upload that this stage made of delta files, and that the run goes on with; null: it made none. */
  readonly mergedUpload: {
    readonly uploadId: string;
    readonly files: readonly { readonly name: string; readonly sizeBytes: number; readonly sha256: string }[];
  } | null;
  /** Milliseconds of wall clock per step, for progress and bench. */
  readonly timings: Readonly<Record<string, number>>;
}
