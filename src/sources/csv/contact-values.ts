import { CONTACT_RELATIONSHIPS, type ContactRelationship } from '#core/roster/records.ts';

const MAX_LOCAL_BYTES = 64;
const MAX_DOMAIN_BYTES = 255;
const AT = 0x40;
const DOT = 0x2e;
/** Signs of a list of addresses, or of an address with a name. */
const forbidden = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte += 1) forbidden[byte] = 1;
for (const sign of '\u007f,;:<>()[]"\\') forbidden[sign.charCodeAt(0)] = 1;

/** One e-mail address and nothing else. Letters of all scripts are taken: whether it can be reached nobody knows before writing to it. */
export function isMailAddress(bytes: Buffer, start: number, end: number): boolean {
  let at = -1;
  let dot = -1;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (forbidden[byte] === 1) return false;
    if (byte === AT) {
      if (at !== -1) return false;
      at = i;
    } else if (byte === DOT && at !== -1) {
      // Neither at the start of the domain nor twice in a row.
      if (i === at + 1 || i === dot + 1) return false;
      dot = i;
    }
  }
  const local = at - start;
  const domain = end - at - 1;
  return at > start && local <= MAX_LOCAL_BYTES && domain <= MAX_DOMAIN_BYTES && dot !== -1 && dot < end - 1;
}

/**
 * Words for what a contact is to a student, in small letters. The first are those of School Data Sync (its Administrator has no word in
 * Graph), the rest what exports for Clever have.
 */
const RELATIONSHIPS: ReadonlyMap<string, ContactRelationship> = new Map<string, ContactRelationship>([
  ...CONTACT_RELATIONSHIPS.map((word) => [word, word] as const),
  ['administrator', 'other'],
  ...['mother', 'father', 'stepmother', 'stepfather', 'step-mother', 'step-father', 'parent/guardian'].map(
    (word) => [word, 'parent'] as const,
  ),
  ...['legal guardian', 'foster parent', 'foster mother', 'foster father'].map(
    (word) => [word, 'guardian'] as const,
  ),
  ...[
    'grandparent',
    'grandmother',
    'grandfather',
    'aunt/uncle',
    'aunt',
    'uncle',
    'sibling',
    'brother',
    'sister',
    'cousin',
    'family',
  ].map((word) => [word, 'relative'] as const),
]);
export const OTHER = CONTACT_RELATIONSHIPS.indexOf('other');

/** The place of a word in CONTACT_RELATIONSHIPS; no word is `other`; -1: it is not known. */
export function relationshipOf(word: string): number {
  if (word === '') return OTHER;
  const known = RELATIONSHIPS.get(word.toLowerCase());
  return known === undefined ? -1 : CONTACT_RELATIONSHIPS.indexOf(known);
}
