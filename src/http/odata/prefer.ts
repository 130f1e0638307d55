import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a client would like, by lower-case name; '' where it says no more than the name. */
export type Preferences = ReadonlyMap<string, string>;

const LONGEST_HEADER = 4_096;
const MOST_PREFERENCES = 32;

/** `name`, `name=value` or `name="value"`; parameters behind it count for nothing here. */
const PREFERENCE =
  /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";,]*))\s*)?(?:;|$)/;

/**
 * Reads Prefer headers (RFC 7240): of a preference that appears twice the first counts, and what nobody can read is passed over,
 * as unknown preferences are. A header beyond 4,096 characters or 32 preferences is not read further.
 */
export function parsePreferences(header: string | readonly string[] | undefined): Preferences {
  const preferences = new Map<string, string>();
  const text = [header ?? []].flat().join(',').slice(0, LONGEST_HEADER);
  for (const part of splitAtCommas(text)) {
    if (preferences.size >= MOST_PREFERENCES) break;
    const [, name, quoted, word] = PREFERENCE.exec(part) ?? [];
    if (name === undefined || preferences.has(name.toLowerCase())) continue;
    preferences.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, '$1') ?? word ?? '');
  }
  return preferences;
}

export function preferencesOf(request: FastifyRequest): Preferences {
  return parsePreferences(request.headers.prefer);
}

/** The page size that the client would like at most (`odata.maxpagesize`); undefined: none, or no whole number above 0. */
export function maxPageSizeOf(preferences: Preferences): number | undefined {
  const value = preferences.get('odata.maxpagesize') ?? preferences.get('maxpagesize');
  return value !== undefined && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}

/** Tells the client that its preference was heeded; several stand in one header. */
export function applyPreference(reply: FastifyReply, preference: string): void {
  const before = reply.getHeader('preference-applied');
  reply.header('preference-applied', before === undefined ? preference : `${String(before)}, ${preference}`);
}

function splitAtCommas(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '\\' && quoted) index += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}
