import type { Catalogue, NavigationTarget, Property } from '#core/query/catalogue.ts';

import type { Relation } from './relations.ts';

/** Whose names are served: enum members that only beta has are `unknownFutureValue` in v1.0. */
export type ViewVersion = 'v1.0' | 'beta';

/** A property of a view: where its value comes from. Complex properties have neither, their parts do. */
export interface ViewProperty extends Property {
  /** SQL expression over the view's tables. */
  readonly sql?: string;
  /** SQL of its lower case, never null, of a column that an index has in this order. */
  readonly sortedBy?: string;
  /** The value of a property that Rollbook does not keep. */
  readonly constant?: null | string | readonly never[];
}

/** One of Graph's entity types over the directory's tables: property paths to SQL. Inactive objects do not exist in it. */
export interface View extends Catalogue {
  /** `education/users`: its address under the version, and its name in contexts. */
  readonly set: string;
  readonly properties: Readonly<Record<string, ViewProperty>>;
  /** Tables and joins, at most one row per object. */
  readonly from: string;
  /**
   * The same for pages in the order of ids behind one of them (SQL): what is joined by the id begins there as well. Without it
   * PostgreSQL, which merges large tables for a page, walks what is joined from its very beginning.
   */
  readonly fromBehind?: (id: string) => string;
  /** SQL: the id. */
  readonly id: string;
  /** SQL: another key that one object can be read by, in lower case. */
  readonly alternateKey?: string;
  /** SQL: the object exists for readers. */
  readonly condition: string;
  /** The order of its pages unless another is asked for; undefined: that of ids, which break ties anyway. */
  readonly order?: readonly ViewOrder[];
  /** How its changes are followed: delta queries. Without it there are none. */
  readonly changes?: ViewChanges;
  /** Paths that are shown when nothing is selected; undefined: all. */
  readonly shown?: ReadonlySet<string>;
  /** Paths that `EduRoster.ReadBasic` shows; the others need more. */
  readonly basic: ReadonlySet<string>;
  readonly elements?: Readonly<Record<string, ViewElements>>;
  readonly navigations?: Readonly<Record<string, ViewNavigation>>;
}

/** One part of an order: SQL, never null, of type text. */
export interface ViewOrder {
  readonly sql: string;
  readonly descending: boolean;
}

export interface ViewChanges {
  /** The table with the objects, under its alias, without what is joined to it. */
  readonly table: string;
  /** SQL over that table: moves on with everything that is shown of the object. */
  readonly changeSeq: string;
  readonly active: string;
  /** SQL over that table: the row is of this type, active or not. */
  readonly ofType: string;
  /** SQL over that table: the row may have been of this type before, and be another one now. Undefined: types stay. */
  readonly wasOfType?: string;
  /** The objects have memberships, which are followed with them. */
  readonly members?: true;
}

/** Elements of a collection property, as rows beside the view's tables. */
export interface ViewElements extends Catalogue {
  readonly properties: Readonly<Record<string, ViewProperty>>;
  /** One table expression; may name the view's tables. */
  readonly from: string;
  /** SQL: the row is an element of this object's collection. */
  readonly condition: string;
}

/** Objects of another view (or the same) that belong to an object. */
export interface ViewNavigation extends NavigationTarget {
  readonly target: () => View;
  readonly relation: Relation;
  /** Declared as directoryObject: each object says its type. */
  readonly ofDirectoryObjects?: true;
}

/** A row as a view reads it: values by the alias of their property. */
export type ViewRow = Readonly<Record<string, unknown>>;

/** What PostgreSQL keeps of a name. */
const LONGEST_NAME = 63;

/** What a property's column is called: its path, or where it stands among the properties when that is too long a name. */
export function aliasOf(view: View, path: string): string {
  return path.length <= LONGEST_NAME ? path : `@${Object.keys(view.properties).indexOf(path)}`;
}

/** The parts of a complex property, or the property itself, which have values of their own. */
export function leavesOf(view: View, path: string): string[] {
  const property = view.properties[path];
  if (property?.sql !== undefined || property?.constant !== undefined) return [path];
  return Object.keys(view.properties).filter((other) => other.startsWith(`${path}/`));
}

/** All paths with values of their own. */
export function allLeaves(view: View): string[] {
  return Object.keys(view.properties).filter((path) => {
    const { sql, constant } = view.properties[path] ?? {};
    return sql !== undefined || constant !== undefined;
  });
}

/** What is shown when nothing is selected. */
export function shownLeaves(view: View): string[] {
  const { shown } = view;
  return shown === undefined ? allLeaves(view) : allLeaves(view).filter((path) => shown.has(path));
}

/** Properties kept nowhere. They can be selected, not filtered. */
export function absent(
  constant: NonNullable<ViewProperty['constant']> | null,
  type: ViewProperty['type'] = 'string',
): ViewProperty {
  return { type, constant, filterable: false };
}

/** Text from a column. */
export function text(sql: string): ViewProperty {
  return { type: 'string', sql };
}

/** Another object that is pointed at: a complex property with the columns of the table under that alias. */
export function reference(property: string, alias: string): Record<string, ViewProperty> {
  return {
    [property]: { type: 'complex' },
    [`${property}/id`]: { type: 'guid', sql: `${alias}.id` },
    [`${property}/externalId`]: text(`${alias}.external_id`),
    [`${property}/displayName`]: text(`${alias}.display_name`),
  };
}

/** The same objects and those that are inactive. */
export function withInactive(view: View): View {
  return { ...view, condition: 'true' };
}

export function externalSource(sql: string, version: ViewVersion): ViewProperty {
  return version === 'beta'
    ? { type: 'enum', members: ['sis', 'manual', 'unknownFutureValue', 'lms'], sql }
    : {
        type: 'enum',
        members: ['sis', 'manual', 'unknownFutureValue'],
        sql: `case when ${sql} in ('sis', 'manual') then ${sql} else 'unknownFutureValue' end`,
      };
}
