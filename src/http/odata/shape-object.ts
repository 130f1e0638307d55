import { must } from '#lib/assert.ts';
import { aliasOf, type View, type ViewRow } from '#storage/views/view.ts';

/**
 * An entity as Graph writes it, from a row of the paths asked for (leaves). The parts of a complex property stand in an object
 * of its name; that is null when none of its parts has a value.
 */
export function shapeObject(view: View, paths: readonly string[], row: ViewRow): Record<string, unknown> {
  const shaped: Record<string, unknown> = {};
  const complex = new Map<string, Record<string, unknown>>();
  for (const path of paths) {
    const value = valueOf(view, path, row);
    const slash = path.indexOf('/');
    if (slash === -1) {
      shaped[path] = value;
      continue;
    }
    const parent = path.slice(0, slash);
    const parts = complex.get(parent) ?? {};
    parts[path.slice(slash + 1)] = value;
    complex.set(parent, parts);
    shaped[parent] = parts;
  }
  for (const [parent, parts] of complex) {
    // A property that Rollbook keeps nothing of is served as Graph serves it: an object of nulls.
    const kept = Object.keys(parts).some((part) => view.properties[`${parent}/${part}`]?.sql !== undefined);
    if (kept && Object.values(parts).every((value) => value === null)) shaped[parent] = null;
  }
  return shaped;
}

function valueOf(view: View, path: string, row: ViewRow): unknown {
  const { sql, constant } = must(view.properties[path]);
  return sql === undefined ? constant : (row[aliasOf(view, path)] ?? null);
}
