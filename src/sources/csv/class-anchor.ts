import { createHash } from 'node:crypto';

import { anchoredId } from '#core/roster/class-anchor.ts';
import { RECORD_CODES } from '#core/roster/record-codes.ts';

import type { BoundColumn } from './bind-header.ts';
import { MAX_SECTION_ID_LENGTH, replaceInNickname, SECTION_PREFIX } from './directory-names.ts';
import { DROPPED, PRESENT } from './id-table.ts';
import type { RecordHash } from './record-hash.ts';
import type { RosterFile } from './roster-file.ts';
import { findField, forEachPart, isEmpty, type RosterState } from './roster-state.ts';

/** Fills the key of `hash` with that of the class of this source id (core/roster/class-anchor). */
export function hashClassKey(hash: RecordHash, sourceId: string): void {
  const bytes = Buffer.from(sourceId);
  hash.beginKey(RECORD_CODES.class);
  hash.addBytes(bytes, 0, bytes.length);
  hash.endKey();
}

/**
 * Classes that are told apart by their session: the id of that of the row under way, as the row has it, '' for none. In formats with sessions of
 * their own: the first that the roster has, or may have in a row that could not be read. One that it has not counts when such a class is
 * known: a session that is left out of its file is no other class.
 */
export function sessionIdReader(state: RosterState, file: RosterFile): () => string {
  const { hash, delta, sessions } = state;
  const list = file.column('sessions', 'reference');
  const sessionFile = state.fileOf('academicSession');
  const described = (['id', 'displayName'] as const)
    .map((property) => file.column(property, 'session'))
    .filter((column): column is BoundColumn => column !== undefined);
  const id = file.column('id', 'key');
  return () => {
    let found = '';
    const strangers: string[] = [];
    if (list !== undefined)
      forEachPart(file, list, () => {
        const index = findField(sessions, file.row, list);
        const known = index === -1 ? undefined : sessions.states[index];
        const may =
          known === PRESENT ||
          known === DROPPED ||
          state.unusable.has(sessionFile) ||
          state.unreadableRows.has(sessionFile);
        if (!may) strangers.push(file.text(list));
        else if (found === '') found = file.text(list);
      });
    if (found !== '') return found;
    const column = described.find((one) => !isEmpty(file.row, one));
    if (column !== undefined) return file.text(column);
    for (const session of strangers) {
      hashClassKey(hash, anchoredId(file.text(id), session));
      if (delta.knows(hash.key)) return session;
    }
    return '';
  };
}

const DIGEST_LENGTH = 8;

/**
 * The mail nickname of a class: of its id, as ever, and its session, if it is told apart by it. What had to be replaced or cut, or could be read
 * in two ways, gets a few digits of a hash: no two classes of sessions have the same.
 */
export function classNickname(id: string, session: string, replace: boolean): string {
  const own = replace ? replaceInNickname(id) : id;
  if (session === '') return SECTION_PREFIX + own;
  const term = replaceInNickname(session).replaceAll(/\s/gu, '_');
  const name = `${own}_${term}`;
  // The last `_` stands before the session, and both are as the source has them.
  if (own === id && term === session && !session.includes('_') && name.length <= MAX_SECTION_ID_LENGTH)
    return SECTION_PREFIX + name;
  const digest = createHash('sha256')
    .update(JSON.stringify([id, session]))
    .digest('hex');
  const short = name.slice(0, MAX_SECTION_ID_LENGTH - DIGEST_LENGTH - 1);
  return `${SECTION_PREFIX}${short}_${digest.slice(0, DIGEST_LENGTH)}`;
}
