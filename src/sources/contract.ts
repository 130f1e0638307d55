import type { Finding, FindingCount } from '#core/findings.ts';
import type { RecognizedFormat } from '#core/roster/formats.ts';
import type { Kind } from '#core/roster/kinds.ts';

/** One file of a sealed upload, or of a folder on disk (validate). */
export interface SourceFile {
  /** As uploaded. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The plain bytes, streaming, from the first on. Called several times: a file is looked through before its rows are taken. */
  open(): AsyncIterable<Uint8Array>;
}

/** The settings of a profile that change what a row means. All of it goes into the content hash (its fingerprint). */
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
}

export interface MatchOption {
  /** Column title in the file, case-sensitive. */
  readonly sourceProperty: string;
  /** Property of the account: userPrincipalName, mail, mailNickname or employeeId. */
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
  /** Records of its main kind that were current before this run. */
  readonly recordsBefore: number;
  /** The manifest of the upload names its rows or its hash. */
  readonly inManifest: boolean;
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

/**
 * What the stage hands to planning. The items (staged-item.ts) and the findings themselves are in the database, or nowhere:
 * validate.
 */
export interface StageResult {
  readonly format: RecognizedFormat;
  readonly files: readonly FileSummary[];
  readonly kinds: Readonly<Record<Kind, KindSummary>>;
  /** Hash over the names and hashes of all files: pins the plan to what it was made from. */
  readonly rosterHash: string;
  readonly itemCount: number;
  readonly findingCounts: readonly FindingCount[];
  /** The first few findings of each kind (up to 100 in all), for messages without another query. */
  readonly samples: readonly Finding[];
  /** At least one fatal finding: nothing may be applied. */
  readonly fatal: boolean;
  /** Files that are missing or header-only and had rows: each needs its own confirmation. */
  readonly filesToConfirm: readonly string[];
  /** Milliseconds of wall clock per step, for progress and bench. */
  readonly timings: Readonly<Record<string, number>>;
}
