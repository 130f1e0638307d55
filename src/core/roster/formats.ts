/** The formats a roster may come in, by the name that settings and messages use. */
export const ROSTER_FORMATS = [
  'sds-v1',
  'sds-v1-uk',
  'sds-v2',
  'sds-v2.1',
  'oneroster-1.1',
  'oneroster-1.2',
  'clever',
] as const;
export type RosterFormat = (typeof ROSTER_FORMATS)[number];

/**
 * A user has one id, whatever the roles: who is a student and a teacher is one person, and stays it when a role ends. In the others a student
 * and a teacher may have the same id by chance.
 */
export const SHARED_ID_FORMATS: readonly RosterFormat[] = [
  'sds-v2',
  'sds-v2.1',
  'oneroster-1.1',
  'oneroster-1.2',
];

export function sharesUserIds(format: RosterFormat | null): boolean {
  return format !== null && SHARED_ID_FORMATS.includes(format);
}
/** What files that are neither UTF-8 nor UTF-16 may be: of Central and of Western Europe. */
export const WINDOWS_ENCODINGS = ['windows-1250', 'windows-1252'] as const;
export type WindowsEncoding = (typeof WINDOWS_ENCODINGS)[number];

/** What the format of an upload was taken for, and why. */
export interface RecognizedFormat {
  /** Null: not known. */
  readonly name: RosterFormat | null;
  /** As people call it. */
  readonly title: string;
  /** detected: from names and headers. set: the profile says so. unknown: no file of any format is there. */
  readonly how: 'detected' | 'set' | 'unknown';
  /** Sentences: what speaks for it, or against any. */
  readonly evidence: readonly string[];
}
