import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { domainOf } from '#core/users/accepted-domains.ts';
import { must } from '#lib/assert.ts';

import type { MappingSettings, MatchOption } from '../contract.ts';
import type { BoundColumn, PersonRole } from './bind-header.ts';
import { isPlainUserName, maxLocalLength, toUserPrincipalName } from './directory-names.ts';
import { DROPPED, type IdTable, PRESENT } from './id-table.ts';
import { NameTable, NOBODYS } from './name-table.ts';
import { NOBODY } from './person-details.ts';
import type { RosterFile } from './roster-file.ts';
import { addAttributes, addField, addFieldTo, type RosterState } from './roster-state.ts';
import { readRecord, RECORD_DIGEST_WORDS, writeRecord } from './threads/row-digest.ts';

const SHORT_NAME_BYTES = 512;
const AT = 0x40;
/** In content hashes: the id is the user's, whatever the role. No number of a column. */
const SHARED_USER_ID = -2;
const PRIMARY_ROLE = { student: -3, teacher: -4 } as const;

/** In a digest before the record: where the id starts and ends, whether there is a user name to compare, and its two words. */
const NAMES_WORDS = 5;
/** In the digest of a person: where the key is. */
export const PERSON_KEY_AT = NAMES_WORDS + 1;

/** Takes the person of the row under way, as a student or as a teacher. */
export interface PeopleTaker {
  /** Those that were met, by their id. */
  readonly table: IdTable;
  /** Room for about so many people. */
  expect(rows: number): void;
  /** Reports a user name that no account can have. */
  check(): void;
  /**
   * The person of a good row. `schoolId`: where limits count the person; `asBefore`: who is known stays as described before, and is there.
   * @returns the number in the table.
   */
  take(schoolId: () => string | null, asBefore?: boolean): number;
  /** The person taken last was in this roster before. */
  readonly wasPresent: boolean;
  /** And was described otherwise there. */
  readonly differs: boolean;
  /** Who is known, and not there yet, stays as described before. @returns whether there is somebody. */
  stay(): boolean;
  /**
   * The last good state of the person stays. `waits`: what names the person waits; false: as far as this roster says there is none.
   * @returns where there is one: in this roster, or from before.
   */
  keep(waits?: boolean): 'now' | 'before' | 'nowhere';
  readonly digest: PersonDigest;
}

/** See RowDigest: the part of it that is the person. */
export interface PersonDigest {
  readonly words: number;
  /** Of a row that was checked, and whose fields are where they were read. */
  make(into: Int32Array, at: number): void;
  /** @returns the entry of a person who is met for the first time, and is the same as before; -1: the row has to be taken as a whole. */
  find(words: Int32Array, at: number, bytes: Buffer): number;
  /** Takes the person that was found. */
  take(words: Int32Array, at: number, bytes: Buffer, entry: number): void;
}

/** What other files say of the person of the row. */
export interface MoreOfPerson {
  hash(): void;
  record(): Readonly<Record<string, string | null>>;
}

/**
 * `userNames`: those of all users, where a name is one person's whatever the role. `primaryRole`: of a user who is both, the role whose rule
 * makes or matches the account; null: the record's own.
 */
export function takePeople(
  state: RosterState,
  file: RosterFile,
  role: PersonRole,
  more?: MoreOfPerson,
  userNames?: NameTable,
  primaryRole: () => PersonRole | null = () => null,
): PeopleTaker {
  const { hash, delta, mapping } = state;
  const people = role === 'student' ? state.students : state.teachers;
  const PERSON = RECORD_CODES[role];
  const id = must(file.column('id', 'key'));
  const username = must(file.column('username'));
  const password = file.column('password');
  const attributes = file.header.columns.filter(({ part }) => part === 'record');
  const { identity } = mapping;
  const rules = { student: accountRule(mapping, 'student'), teacher: accountRule(mapping, 'teacher') };
  const longestSuffix = Math.max(...[rules.student, rules.teacher].map(({ suffix }) => suffix?.length ?? 0));
  const usernames = userNames ?? new NameTable(people.states.length);
  const lowerCase = Buffer.alloc(SHORT_NAME_BYTES + longestSuffix);
  // Where users have one id, whoever has two records has the same said in both.
  const details = role === 'student' || state.sharedUserIds ? state.details : null;

  const hashKey = (): void => {
    hash.beginKey(PERSON);
    addField(hash, file.row, id);
    hash.endKey();
  };

  const checkUsername = (): void => {
    const rule = primaryRole() ?? role;
    if (identity.mode === 'match') {
      checkMatchValue();
      return;
    }
    const { bytes, starts, ends } = file.row;
    const start = starts[username.position] as number;
    const end = ends[username.position] as number;
    if (start === end) return;
    const { domain, maxLength } = rules[rule];
    if (domain !== null && isPlainUserName(bytes, start, end, maxLength)) return;
    const text = file.text(username);
    if (userPrincipalName() !== null) {
      checkDomain(username, text, rule);
      return;
    }
    file.fail(
      'USERNAME_INVALID',
      username,
      domain === null && !text.includes('@')
        ? `The user name has no domain, and the profile has none for ${rule}s.`
        : 'The user name holds characters that a user principal name does not take, or is too long.',
    );
  };
  const checkDomain = (column: BoundColumn, text: string, rule: PersonRole): void => {
    const { accepted } = rules[rule];
    const domain = domainOf(text);
    if (accepted === null || domain === null || accepted.has(domain)) return;
    file.fail('USERNAME_DOMAIN', column, () => `The domain ${domain} is none of those of ${rule}s.`);
  };
  /** Where people are matched by a name with a domain. */
  const checkMatchValue = (): void => {
    const rule = matchRule();
    const option = identity.mode === 'match' ? identity.options[rule] : undefined;
    const position = file.header.matchPositions[rule];
    if (option === undefined || position === -1 || !hasDomain(option)) return;
    checkDomain({ ...username, title: option.sourceProperty, position }, matchValue(), rule);
  };
  const userPrincipalName = (): string | null =>
    toUserPrincipalName(
      file.text(username),
      rules[primaryRole() ?? role].domain,
      mapping.replaceSpecialCharacters,
    );

  /** Writes the user name of the row as accounts are told apart. @returns where it ends; 0: it is not compared. */
  const foldUsername = (): number => {
    const { bytes, starts, ends } = file.row;
    const start = starts[username.position] as number;
    const length = (ends[username.position] as number) - start;
    if (length > SHORT_NAME_BYTES) return 0;
    for (let i = 0; i < length; i += 1) {
      const byte = bytes[start + i] as number;
      lowerCase[i] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    }
    const { suffix } = rules[primaryRole() ?? role];
    // With the domain of the profile it is the same name as without.
    let end = length;
    if (userNames === undefined) {
      const own = suffix === null ? -1 : length - suffix.length;
      if (own > 0 && suffix?.compare(lowerCase, own, length) === 0) end = own;
    } else if (suffix !== null && !lowerCase.subarray(0, length).includes(AT))
      end += suffix.copy(lowerCase, length);
    return end;
  };
  /** Fills the name of the hash. @returns false: the user name is not compared. */
  const hashUsername = (): boolean => {
    const end = foldUsername();
    if (end > 0) hash.hashName(lowerCase, end);
    return end > 0;
  };
  const markOf = (person: number): number => person * 2 + (role === 'student' ? 0 : 1);
  /** Two people with one user name: which of them gets it is decided in the database. */
  const checkRepeatedUsername = (person: number): void => {
    if (!hashUsername()) return;
    const mark = markOf(person);
    const known = usernames.take(hash.name, 0, mark);
    if (known === mark) return;
    const [as, others] = known % 2 === 0 ? ['student', state.students] : ['teacher', state.teachers];
    const other = others.text(Math.floor(known / 2));
    // One of both groups.
    if (state.sharedUserIds && as !== role && other === people.text(person)) return;
    file.report('USERNAME_DUPLICATE', username, () => `${as} ${other} has this user name too.`);
  };

  const personRecord = (described: number, incomplete: boolean): Record<string, unknown> => {
    const primary = primaryRole();
    const record: Record<string, unknown> = {
      ...file.record('record'),
      ...(primary === null ? {} : { primaryRole: primary }),
      ...more?.record(),
      ...details?.recordOf(described, incomplete),
    };
    // The grade is the student's; of staff the grades they are there for are kept, one or several. Of who is both either record may be the one that
    // supplies the attributes: they say the same.
    if ((role === 'teacher' || primary !== null) && 'grades' in record) record['grades'] ??= record['grade'];
    if (identity.mode === 'create') return { ...record, userPrincipalName: userPrincipalName() };
    return { ...record, matchValue: matchValue() };
  };
  /** The rule that matches the record. A profile may have none for the primary role. */
  const matchRule = (): PersonRole => {
    const primary = primaryRole() ?? role;
    return identity.mode === 'match' && identity.options[primary] !== undefined ? primary : role;
  };
  const matchValue = (): string => {
    const rule = matchRule();
    const position = file.header.matchPositions[rule];
    const option = identity.mode === 'match' ? identity.options[rule] : undefined;
    if (position === -1 || option === undefined) return '';
    const { bytes, starts, ends } = file.row;
    const value = bytes.toString('utf8', starts[position], ends[position]);
    return value === '' || option.targetDomain === null || value.includes('@')
      ? value
      : `${value}@${option.targetDomain}`;
  };
  const sealedPassword = (): Buffer | null => {
    const text = file.text(password);
    return text === '' ? null : state.sealPassword(text);
  };

  /** What is said of the person in all files. `incomplete`: not all of it could be read. */
  const hashContent = (described: number, incomplete: boolean): void => {
    const { row } = file;
    hash.beginContent(PERSON);
    addAttributes(hash, file, attributes);
    const matchPosition = file.header.matchPositions[matchRule()];
    if (matchPosition !== -1)
      hash.addBytes(row.bytes, row.starts[matchPosition] as number, row.ends[matchPosition] as number);
    more?.hash();
    details?.hashInto(hash, described, incomplete);
    // What an id stands for is a part of what is said: after a change of the format every person is stated anew (link.shared_user_id).
    if (state.sharedUserIds) hash.addNumber(SHARED_USER_ID);
    const primary = primaryRole();
    if (primary !== null) hash.addNumber(PRIMARY_ROLE[primary]);
    hash.endContent();
  };

  const stay = (): boolean => {
    hashKey();
    const index = addFieldTo(people, file.row, id);
    if (people.states[index] === PRESENT || !delta.keep(hash.key)) return false;
    people.states[index] = PRESENT;
    people.entries[index] = delta.entry;
    checkRepeatedUsername(index);
    return true;
  };

  let wasPresent = false;
  let differs = false;
  const take = (schoolId: () => string | null, asBefore = false): number => {
    const { row } = file;
    const index = addFieldTo(people, row, id);
    if (asBefore && stay()) {
      wasPresent = false;
      differs = false;
      return index;
    }
    const described = details?.find(row, id.position) ?? NOBODY;
    hashContent(described, false);
    hashKey();
    // Of whom nothing was said before nothing can be lost; and what is the same as before is all there was.
    const unread = details?.incompleteBits(described) ?? 0;
    const lost = unread === 0 ? 0 : unread & delta.describedBits(hash.key);
    const incomplete = lost !== 0 && !delta.holds(hash.key, hash.content);
    if (incomplete) hashContent(described, true);
    wasPresent = people.states[index] === PRESENT;
    differs = wasPresent && !delta.hasContent(people.entries[index] as number, hash.content);
    if (wasPresent) return index;
    const sighting = delta.see(PERSON, hash.key, hash.content);
    if (details !== null) delta.describe(delta.entry, (incomplete ? lost : 0) | details.bitsOf(described));
    if (details !== null && incomplete) details.kept += 1;
    people.states[index] = PRESENT;
    people.entries[index] = delta.entry;
    checkRepeatedUsername(index);
    if (sighting !== 'new' && sighting !== 'changed') return index;
    delta.emit(sighting, PERSON, delta.entry, {
      sourceId: file.text(id),
      schoolId: schoolId(),
      objectId: sighting === 'new' ? state.newId() : null,
      after: JSON.stringify(personRecord(described, incomplete)),
      secret: sighting === 'new' ? sealedPassword() : null,
      file: file.definition.name,
      line: row.line,
    });
    return index;
  };

  const digestKey = new Int32Array(4);
  const digestContent = new Int32Array(2);
  const digest: PersonDigest = {
    words: NAMES_WORDS + RECORD_DIGEST_WORDS,
    make(into, at) {
      const { starts, ends } = file.row;
      into[at] = starts[id.position] as number;
      into[at + 1] = ends[id.position] as number;
      into[at + 2] = Number(hashUsername());
      into[at + 3] = hash.name[0] as number;
      into[at + 4] = hash.name[1] as number;
      hashContent(NOBODY, false);
      hashKey();
      writeRecord(into, at + NAMES_WORDS, PERSON, hash.key, hash.content);
    },
    find(words, at, bytes) {
      const silent = details?.findId(bytes, words[at] as number, words[at + 1] as number) ?? NOBODY;
      if (silent !== NOBODY) return -1;
      if (words[at + 2] === 1 && usernames.find(words, at + 3) !== NOBODYS) return -1;
      readRecord(words, at + NAMES_WORDS, digestKey, digestContent);
      const entry = delta.findSame(digestKey, digestContent);
      // Of whom other files said something before, their silence counts.
      return entry !== -1 && delta.describedBitsOf(entry) === 0 ? entry : -1;
    },
    take(words, at, bytes, entry) {
      const index = people.add(bytes, words[at] as number, words[at + 1] as number);
      people.states[index] = PRESENT;
      people.entries[index] = entry;
      if (words[at + 2] === 1) usernames.take(words, at + 3, markOf(index));
      delta.seeSame(entry, PERSON);
    },
  };

  return {
    table: people,
    expect(rows) {
      people.reserve(rows);
      usernames.reserve(rows);
    },
    check: checkUsername,
    take,
    digest,
    stay,
    get wasPresent() {
      return wasPresent;
    },
    get differs() {
      return differs;
    },
    keep(waits = true) {
      if (waits) {
        const index = addFieldTo(people, file.row, id);
        if (people.states[index] !== PRESENT) people.states[index] = DROPPED;
      }
      hashKey();
      if (!delta.keep(hash.key)) return 'nowhere';
      return delta.isNew(delta.entry) ? 'now' : 'before';
    },
  };
}

interface AccountRule {
  /** What user names without a domain get. */
  readonly domain: string | null;
  readonly maxLength: number;
  readonly suffix: Buffer | null;
  /** The domains that user names may have, in small letters; null: any. */
  readonly accepted: ReadonlySet<string> | null;
}

/** What the profile makes user names of, for one role. */
function accountRule({ identity, acceptedDomains }: MappingSettings, role: PersonRole): AccountRule {
  const domain = identity.mode === 'create' ? identity.domains[role] : null;
  const own = identity.mode === 'create' ? domain : (identity.options[role]?.targetDomain ?? null);
  const others = acceptedDomains?.[role] ?? [];
  return {
    domain,
    maxLength: domain === null ? 0 : maxLocalLength(domain),
    suffix: domain === null ? null : Buffer.from(`@${domain.toLowerCase()}`),
    accepted: others.length === 0 ? null : new Set(own === null ? others : [...others, own.toLowerCase()]),
  };
}

function hasDomain({ targetProperty }: MatchOption): boolean {
  return targetProperty === 'userPrincipalName' || targetProperty === 'mail';
}
