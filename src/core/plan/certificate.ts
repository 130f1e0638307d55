/**
 * The completeness certificate of a run: what proves that each file was read whole. Without it, what a file does not
 * name is not taken for gone (docs/spec/run-lifecycle.md).
 */
import { allowedOf, type Limit } from './limits.ts';

/**
 * manifest: the sender said how many rows there are, or which hash the file has. firstSet: nothing was known before, so nothing
 * can be missing. floor: as many rows as before, but for what the limit lets go, and an end like the one before. confirmedByName: an
 * administrator said that the file is empty on purpose. confirmedTwice: another upload, hours before, was as short and ended alike, and so were all since.
 * accepted: an administrator accepted the plan.
 */
export const PROOFS = [
  'manifest',
  'firstSet',
  'floor',
  'confirmedByName',
  'confirmedTwice',
  'accepted',
] as const;
export type Proof = (typeof PROOFS)[number];

export interface FileCertificate {
  readonly file: string;
  readonly sizeBytes: number;
  /** Of the plain bytes: compared with what was received, byte for byte, before anything is planned. */
  readonly sha256: string;
  readonly rows: number;
  readonly badRows: number;
  /** Whether its last line is ended by a line break; null: the end is not the sender's (a set merged of delta files). */
  readonly endsInBreak: boolean | null;
  /** It ends without a line break where it had one when it was proven last: its last value, and what came after it, may be missing. */
  readonly mayBeCut: boolean;
  /** Records of this file that were current before. */
  readonly recordsBefore: number;
  /** As many rows prove by themselves that nothing big is missing. */
  readonly floor: number;
  /** Null: nothing proves that the file is whole; what it does not name stays. */
  readonly proof: Proof | null;
}

export interface Certificate {
  /** Every file has a proof. */
  readonly complete: boolean;
  readonly rosterHash: string;
  readonly files: readonly FileCertificate[];
}

export interface CertifiedFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly rows: number;
  readonly badRows: number;
  readonly endsInBreak: boolean | null;
  readonly recordsBefore: number;
  /** The manifest of the upload names its rows or its hash, and they are as it says. */
  readonly inManifest: boolean;
}

export type EarlierFile = Pick<FileCertificate, 'rows' | 'endsInBreak'>;

export interface CertifyInput {
  readonly rosterHash: string;
  readonly files: readonly CertifiedFile[];
  /** Files that an administrator confirmed by name to be missing or empty. */
  readonly confirmedFiles: readonly string[];
  /** By file: as it was in an earlier upload of the same source, sealed at least CONFIRMATION_HOURS before, and in all since; empty: there is none. */
  readonly earlier: ReadonlyMap<string, readonly EarlierFile[]>;
  /** Files that ended in a line break when they were proven last. */
  readonly endedInBreak: ReadonlySet<string>;
  /** What may go without a further proof: the profile's deactivationLimit. */
  readonly limit: Limit;
  /** An administrator accepted the plan of this very roster. */
  readonly accepted: boolean;
}

/** Two uploads this far apart are two exports; nearer ones may be one broken export that was sent twice. */
export const CONFIRMATION_HOURS = 6;

/** Says of each file what proves it whole. */
export function certify(input: CertifyInput): Certificate {
  const files = input.files.map((file): FileCertificate => {
    const { inManifest: _, ...shown } = file;
    const floor = floorOf(file.recordsBefore, input.limit);
    const mayBeCut = file.endsInBreak === false && input.endedInBreak.has(file.file);
    return { ...shown, mayBeCut, floor, proof: proofOf({ ...file, mayBeCut }, floor, input) };
  });
  return {
    complete: files.every(({ proof }) => proof !== null),
    rosterHash: input.rosterHash,
    files,
  };
}

function floorOf(recordsBefore: number, limit: Limit): number {
  return Math.max(0, recordsBefore - allowedOf(limit, recordsBefore));
}

function proofOf(
  file: CertifiedFile & Pick<FileCertificate, 'mayBeCut'>,
  floor: number,
  input: CertifyInput,
): Proof | null {
  if (input.confirmedFiles.includes(file.file)) return 'confirmedByName';
  if (file.inManifest) return 'manifest';
  if (file.recordsBefore === 0) return 'firstSet';
  const isShort = file.rows < floor;
  if (!isShort && !file.mayBeCut) return 'floor';
  if (input.accepted) return 'accepted';
  const earlier = input.earlier.get(file.file) ?? [];
  const isLike = ({ rows, endsInBreak }: EarlierFile): boolean => {
    // As short then as now, give or take what may go without a question.
    const isAsLong = Math.abs(rows - file.rows) <= allowedOf(input.limit, rows);
    const endsAlike = !file.mayBeCut || endsInBreak === false;
    return isAsLong && endsAlike && (!isShort || rows < floor);
  };
  // One that was whole meanwhile says that the other was an accident.
  return earlier.length > 0 && earlier.every(isLike) ? 'confirmedTwice' : null;
}

/** A file without proof, for people. */
export function describeUnproven(file: FileCertificate): string {
  if (file.mayBeCut && file.rows >= file.floor)
    return `${file.file} ends without a line break where it always had one, so that its end may be missing: what it does not name stays for now`;
  return `${file.file} has ${file.rows} rows where ${file.recordsBefore} records were known, and nothing proves that it is whole: what it does not name stays for now`;
}
