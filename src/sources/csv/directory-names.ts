/**
 * What the directory (and the ones behind it) takes in a mail nickname and in a user principal name. Sources: Microsoft's
 * "prohibited characters" of School Data Sync and of Microsoft Entra ID; sets as exporters use them.
 */
export const SECTION_PREFIX = 'Section_';
/** A mail nickname has at most 64 characters. */
export const MAX_SECTION_ID_LENGTH = 64 - SECTION_PREFIX.length;
const MAX_LOCAL_LENGTH = 64;
const MAX_USER_NAME_LENGTH = 113;

const FORBIDDEN_IN_NICKNAME = '~"#%&*:<>?/\\{|}.[]@(),;';
const nicknameBytes = new Uint8Array(256);
for (let byte = 0x21; byte < 0x7f; byte += 1)
  nicknameBytes[byte] = FORBIDDEN_IN_NICKNAME.includes(String.fromCharCode(byte)) ? 0 : 1;

const userBytes = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_!#^~'")
  userBytes[char.charCodeAt(0)] = 1;

/** Every character of a section id may stand in a mail nickname. */
export function isNickname(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (nicknameBytes[bytes[i] as number] === 0) return false;
  return true;
}

/** How long a user name may be before the `@` of a domain. */
export function maxLocalLength(domain: string): number {
  return Math.min(MAX_LOCAL_LENGTH, MAX_USER_NAME_LENGTH - domain.length - 1);
}

/** Letters, digits and the few signs a user name takes; no `@`. */
export function isPlainUserName(
  bytes: Buffer,
  start: number,
  end: number,
  maxLength = MAX_LOCAL_LENGTH,
): boolean {
  if (end - start > maxLength) return false;
  for (let i = start; i < end; i += 1) if (userBytes[bytes[i] as number] === 0) return false;
  return true;
}

/** Accents go, anything else that is not taken becomes `_`. Blanks stay: they are a fault that nobody should repair unseen. */
export function replaceInNickname(text: string): string {
  return replaceBytes(text, nicknameBytes);
}

/**
 * The user principal name of a user name. `domain` is appended when it holds no `@`.
 * @returns null when it is none: wrong characters or length, or no domain.
 */
export function toUserPrincipalName(
  username: string,
  domain: string | null,
  replaceSpecialCharacters: boolean,
): string | null {
  const at = username.indexOf('@');
  const ownDomain = at === -1 ? domain : username.slice(at + 1);
  if (ownDomain === null || ownDomain.includes('..')) return null;
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(ownDomain)) return null;
  const given = at === -1 ? username : username.slice(0, at);
  const local = replaceSpecialCharacters ? replaceBytes(given, userBytes) : given;
  const name = `${local}@${ownDomain}`;
  const bytes = Buffer.from(local);
  const fits = local !== '' && isPlainUserName(bytes, 0, bytes.length, maxLocalLength(ownDomain));
  return fits ? name : null;
}

function replaceBytes(text: string, allowed: Uint8Array): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .replaceAll(/[^\s]/gu, (char) => (char.length === 1 && allowed[char.charCodeAt(0)] === 1 ? char : '_'));
}
