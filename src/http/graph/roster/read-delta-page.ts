import { must } from '#lib/assert.ts';
import type { Tx } from '#storage/database.ts';
import {
  readChangedObjects,
  readMemberships,
  readObjects,
  type ChangedObject,
  type Membership,
} from '#storage/views/read-changes.ts';
import { readPage } from '#storage/views/read-view.ts';
import type { View, ViewRow } from '#storage/views/view.ts';

import type { DeltaPage } from '../../odata/delta-token.ts';
import { shapeObject } from '../../odata/shape-object.ts';
import type { DeltaStart } from './list-changes.ts';

/** Memberships on a page; a class with more is told on several. */
export const MEMBERSHIPS_PER_PAGE = 5_000;

interface Told {
  readonly id: string;
  readonly seq: number;
  /** Undefined: it is not there any more. */
  readonly row: ViewRow | undefined;
  /** With its properties; else only with memberships. */
  readonly itself: boolean;
}

export interface DeltaPageQuery {
  readonly view: View;
  readonly paths: readonly string[];
  readonly start: DeltaStart;
  /** For tests: other than MEMBERSHIPS_PER_PAGE. */
  readonly membershipsPerPage?: number;
}

/** A page of a round, and where it ended; `key` undefined: the round is over. */
export async function readDeltaPage(
  tx: Tx,
  { view, paths, start, membershipsPerPage = MEMBERSHIPS_PER_PAGE }: DeltaPageQuery,
): Promise<{ value: Record<string, unknown>[]; key: DeltaPage['key'] | undefined }> {
  const limit = start.top;
  const found = start.from === null ? await readAll(tx, view, paths, start, limit) : undefined;
  const { told, last } = found ?? (await readChanged(tx, view, paths, start, limit));
  const continued = start.key?.member ?? null;
  const withMembers = told.filter(({ row }) => row !== undefined);
  const memberships = start.members
    ? await readMemberships(tx, {
        classIds: withMembers.map(({ id }) => id),
        range: start.from === null ? undefined : { from: start.from, until: start.until },
        after: continued !== null && withMembers[0]?.id === start.key?.id ? continued : undefined,
        limit: membershipsPerPage + 1,
      })
    : [];
  const cut = cutAt(told, memberships, membershipsPerPage);
  const membershipsByClass = Map.groupBy(memberships.slice(0, membershipsPerPage), ({ classId }) => classId);
  const value = cut.told.flatMap((object): Record<string, unknown>[] => {
    const { id, row } = object;
    if (row === undefined) return [{ id, '@removed': { reason: 'changed' } }];
    const changes = membershipChanges(membershipsByClass.get(id) ?? []);
    if (object.itself) return [{ id, ...shapeObject(view, paths, row), ...changes }];
    return Object.keys(changes).length === 0 ? [] : [{ id, ...changes }];
  });
  return { value, key: cut.key ?? last };
}

/** Everything there is, in the order of ids. */
async function readAll(
  tx: Tx,
  view: View,
  paths: readonly string[],
  { key, until }: DeltaStart,
  limit: number,
): Promise<{ told: Told[]; last: DeltaPage['key'] | undefined }> {
  const { rows, next } = await readPage(tx, {
    view,
    paths,
    limit,
    after: key === undefined ? undefined : { id: key.id },
  });
  const told = rows.map((row): Told => ({ id: String(row['@id']), seq: until, row, itself: true }));
  const resumed = await resume(tx, view, paths, key);
  return {
    told: [...resumed, ...told],
    last: next === undefined ? undefined : { seq: until, id: next.id, member: null },
  };
}

/** What changed, in the order of changes. */
async function readChanged(
  tx: Tx,
  view: View,
  paths: readonly string[],
  { from, until, key, members }: DeltaStart,
  limit: number,
): Promise<{ told: Told[]; last: DeltaPage['key'] | undefined }> {
  const range = { from: must(from), until };
  const changed = await readChangedObjects(tx, {
    view,
    range,
    after: key,
    withMembers: members,
    limit: limit + 1,
  });
  const page = changed.slice(0, limit);
  const resumed = await resume(tx, view, paths, key);
  const shown = page.filter(({ id, earlier }) => !earlier && id !== resumed[0]?.id);
  const rows = await rowsById(tx, view, paths, shown);
  const told = shown.map(({ id, seq, itself }): Told => ({ id, seq, itself, row: rows.get(id) }));
  const end = page.at(-1);
  return {
    told: [...resumed, ...told],
    last:
      changed.length <= limit || end === undefined ? undefined : { seq: end.seq, id: end.id, member: null },
  };
}

/**
 * The class that the page before broke off in: its other memberships come first. It stands on this page once, though a later change of
 * it seems to be its first when the one it was told for was overtaken meanwhile.
 */
async function resume(tx: Tx, view: View, paths: readonly string[], key: DeltaStart['key']): Promise<Told[]> {
  if (key === undefined || key.member === null) return [];
  const rows = await rowsById(tx, view, paths, [key]);
  const row = rows.get(key.id);
  return row === undefined ? [] : [{ id: key.id, seq: key.seq, row, itself: false }];
}

/** Those that are active. */
async function rowsById(
  tx: Tx,
  view: View,
  paths: readonly string[],
  objects: readonly Pick<ChangedObject, 'id'>[],
): Promise<Map<string, ViewRow>> {
  if (objects.length === 0) return new Map();
  const rows = await readObjects(
    tx,
    view,
    objects.map(({ id }) => id),
    paths,
  );
  return new Map(rows.filter((row) => row['@active'] === true).map((row) => [String(row['@id']), row]));
}

/** Where the page has to end because its memberships are too many. */
function cutAt(
  told: readonly Told[],
  memberships: readonly Membership[],
  most: number,
): { told: readonly Told[]; key: DeltaPage['key'] | undefined } {
  const [lastShown, firstLeft] = [memberships[most - 1], memberships[most]];
  if (lastShown === undefined || firstLeft === undefined) return { told, key: undefined };
  const index = told.findIndex(({ id }) => id === firstLeft.classId);
  const isBegun = lastShown.classId === firstLeft.classId;
  const end = must(told[isBegun ? index : index - 1]);
  const member = isBegun ? lastShown.personId : null;
  return { told: told.slice(0, isBegun ? index + 1 : index), key: { seq: end.seq, id: end.id, member } };
}

function membershipChanges(memberships: readonly Membership[]): Record<string, unknown> {
  const change = (id: string, is: boolean): Record<string, unknown> =>
    is ? { id } : { id, '@removed': { reason: 'deleted' } };
  const members = memberships.map(({ personId, member }) => change(personId, member));
  const teachers = memberships
    .filter(({ asTeacher }) => asTeacher)
    .map(({ personId, teacher }) => change(personId, teacher));
  return {
    ...(members.length === 0 ? {} : { 'members@delta': members }),
    ...(teachers.length === 0 ? {} : { 'teachers@delta': teachers }),
  };
}
