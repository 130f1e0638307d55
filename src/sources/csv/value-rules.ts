/** What values must look like, told by their bytes, since this runs for every row. None of them is given an empty value. */

const DOT = 0x2e;
const AT = 0x40;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HYPHEN = 0x2d;
const PLUS = 0x2b;
const MAX_LOCAL_BYTES = 64;
const MAX_DOMAIN_BYTES = 255;
const PHONE_DIGITS = { min: 3, max: 15 };

const OTHER = 0;
const DIGIT = 1;
const SIGN = 2;
/** Of a phone number: digits, and what people put between them. */
const PHONE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /\d/.test(character) ? DIGIT : /[ ()./-]/.test(character) ? SIGN : OTHER;
});
/** Letters, digits and the signs of an RFC 5322 atom; bytes of other characters are letters (RFC 6531). */
const ATOM = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[\w!#$%&'*+/=?^`{|}~-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);
const DOMAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[A-Za-z\d-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * An address of RFC 5322, 3.4.1 (addr-spec), with what mail takes of it: no comments, no blanks, a host name behind the `@`, and the
 * lengths of RFC 5321.
 */
export function isEmailAddress(bytes: Buffer, start: number, end: number): boolean {
  const at = bytes[start] === QUOTE ? endOfQuoted(bytes, start, end) : endOfAtoms(bytes, start, end, ATOM);
  if (at === -1 || at === end || bytes[at] !== AT) return false;
  const domain = at + 1;
  if (at - start > MAX_LOCAL_BYTES || end - domain > MAX_DOMAIN_BYTES) return false;
  if (endOfAtoms(bytes, domain, end, DOMAIN) !== end) return false;
  for (let i = domain; i < end; i += 1) {
    const isEdge = i === domain || i === end - 1 || bytes[i - 1] === DOT || bytes[i + 1] === DOT;
    if (isEdge && bytes[i] === HYPHEN) return false;
  }
  return true;
}

/** Where words with single dots between them end; -1: there are none. */
function endOfAtoms(bytes: Buffer, start: number, end: number, letters: Uint8Array): number {
  let at = start;
  for (let wordStart = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (letters[byte] === 1) continue;
    if (byte !== DOT) break;
    if (at === wordStart) return -1;
    wordStart = at + 1;
  }
  return at === start || bytes[at - 1] === DOT ? -1 : at;
}

/** Behind the closing quote; -1: it is not there. */
function endOfQuoted(bytes: Buffer, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] === BACKSLASH) at += 1;
  }
  return -1;
}

/** The digits of E.164, with or without the plus, and with blanks and signs between them. */
export function isPhoneNumber(bytes: Buffer, start: number, end: number): boolean {
  let digits = 0;
  for (let i = bytes[start] === PLUS ? start + 1 : start; i < end; i += 1) {
    const kind = PHONE[bytes[i] as number] as number;
    if (kind === OTHER) return false;
    if (kind === DIGIT) digits += 1;
  }
  return digits >= PHONE_DIGITS.min && digits <= PHONE_DIGITS.max;
}

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/** In any letter case. */
export function isBoolean(bytes: Buffer, start: number, end: number): boolean {
  const word = end - start === TRUE.length ? TRUE : FALSE;
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i += 1)
    if (((bytes[start + i] as number) | 0x20) !== word[i]) return false;
  return true;
}

const STATUSES: readonly string[] = ['active', 'tobedeleted', 'inactive'];

/** OneRoster's, in any letter case; `inactive` is what 1.0 wrote. */
export function isStatus(bytes: Buffer, start: number, end: number): boolean {
  return STATUSES.includes(bytes.toString('latin1', start, end).toLowerCase());
}

/** YYYY, of this millennium or the last. */
export function isYear(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 4 || (bytes[start] !== 0x31 && bytes[start] !== 0x32)) return false;
  for (let i = start + 1; i < end; i += 1) if (PHONE[bytes[i] as number] !== DIGIT) return false;
  return true;
}

/** Makes ASCII letters lower case where they are. @returns false: there are other characters, and they are as they were. */
export function lowerAscii(bytes: Buffer, start: number, end: number): boolean {
  let isAscii = true;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte >= 0x41 && byte <= 0x5a) bytes[i] = byte | 0x20;
    else if (byte >= 0x80) isAscii = false;
  }
  return isAscii;
}
