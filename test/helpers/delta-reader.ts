import assert from 'node:assert/strict';

import type { RosterAnswer } from './roster-server.ts';

/** One entry of a delta query's answer. */
export interface DeltaEntry {
  readonly id: string;
  readonly '@removed'?: { readonly reason: string };
  readonly 'members@delta'?: readonly DeltaEntry[];
  readonly 'teachers@delta'?: readonly DeltaEntry[];
  readonly [property: string]: unknown;
}

/** What a client has after it did what each round told it: objects by id, and for classes the ids of their people. */
export interface Replica {
  readonly objects: Map<string, Record<string, unknown>>;
  readonly members: Map<string, Set<string>>;
  readonly teachers: Map<string, Set<string>>;
  /** Reads a round to its end and does it. @returns its entries. */
  round(between?: () => Promise<void>): Promise<DeltaEntry[]>;
  /** The link that the last round ended with. */
  readonly link: string;
}

/** A client of a delta query that keeps a copy. `path`: with the options of the first request. */
export function deltaReplica(call: (path: string) => Promise<RosterAnswer>, path: string): Replica {
  const objects = new Map<string, Record<string, unknown>>();
  const members = new Map<string, Set<string>>();
  const teachers = new Map<string, Set<string>>();
  let link = path;

  const follow = (
    people: Map<string, Set<string>>,
    id: string,
    changes: readonly DeltaEntry[] = [],
  ): void => {
    const ids = people.get(id) ?? new Set();
    for (const change of changes) {
      if (change['@removed'] === undefined) ids.add(change.id);
      else ids.delete(change.id);
    }
    people.set(id, ids);
  };
  const tell = (entry: DeltaEntry): void => {
    const {
      id,
      '@removed': removed,
      'members@delta': memberChanges,
      'teachers@delta': teacherChanges,
      ...properties
    } = entry;
    if (removed !== undefined) {
      objects.delete(id);
      members.delete(id);
      teachers.delete(id);
      return;
    }
    objects.set(id, { ...objects.get(id), id, ...properties });
    follow(members, id, memberChanges);
    follow(teachers, id, teacherChanges);
  };

  return {
    objects,
    members,
    teachers,
    get link() {
      return link;
    },
    async round(between = () => Promise.resolve()) {
      const entries: DeltaEntry[] = [];
      const links = new Set<unknown>();
      for (;;) {
        const { status, body } = await call(link);
        assert.equal(status, 200, JSON.stringify(body));
        entries.push(...body.value);
        const { '@odata.nextLink': next, '@odata.deltaLink': last } = body;
        assert.equal(next === undefined, last !== undefined, 'a page has one of the two links');
        link = next ?? last;
        if (last !== undefined) break;
        assert.ok(!links.has(next), 'no page leads back to one before it');
        links.add(next);
        await between();
      }
      for (const entry of entries) tell(entry);
      return entries;
    },
  };
}
