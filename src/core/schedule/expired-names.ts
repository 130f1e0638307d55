/** What the classes of an expired profile are called, as School Data Sync called them: `Exp0627_Biology`. */

/** A mail nickname has at most so many characters. */
const MAX_NICKNAME_LENGTH = 64;

/** The status of a class (ClassRecord.status) that expired with its profile. */
export const EXPIRED_STATUS = 'Expired';

/** `Exp0627_`: month and year of the expiration date, which is `YYYY-MM-DD`. */
export function expiredPrefix(expiredOn: string): string {
  return `Exp${expiredOn.slice(5, 7)}${expiredOn.slice(2, 4)}_`;
}

/** The name of the source system that keeps them. */
export function expiredSystemName(name: string, expiredOn: string): string {
  return `${name} (expired ${expiredOn.slice(0, 7)})`;
}

/** A class as it is in the directory now: with the name somebody may have given it by hand. */
export interface ClassNames {
  readonly key: string;
  readonly displayName: string;
  readonly mailNickname: string;
}

/**
 * The names of these classes with the prefix; a name that has it already stays. Nicknames are cut to what fits. One that is taken, in
 * `takenNicknames` (lower case) or by a class before it, gets a number.
 */
export function expiredNames(
  classes: readonly ClassNames[],
  prefix: string,
  takenNicknames: Iterable<string>,
): ClassNames[] {
  const taken = new Set(takenNicknames);
  return classes.map(({ key, displayName, mailNickname }) => {
    // A nickname that has the prefix is its own: it is in the directory, and so among those that are taken.
    const nickname = mailNickname.startsWith(prefix)
      ? mailNickname
      : freeNickname(prefix + mailNickname, taken);
    taken.add(nickname.toLowerCase());
    return { key, displayName: withPrefix(displayName, prefix), mailNickname: nickname };
  });
}

function withPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name : prefix + name;
}

function freeNickname(wanted: string, taken: ReadonlySet<string>): string {
  let nickname = cut(wanted, MAX_NICKNAME_LENGTH);
  for (let number = 2; taken.has(nickname.toLowerCase()); number += 1) {
    const ending = `_${number}`;
    nickname = cut(wanted, MAX_NICKNAME_LENGTH - ending.length) + ending;
  }
  return nickname;
}

/** No half of a character stays. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/u, '');
}
