/**
 * `column = the source's new value when the source changed it, else what is there`: so a hand edit stays until the source
 * changes that property. For an update of `o` from `i` (a plan item).
 */
export function changed(column: string, property: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then i.after ->> '${property}' else o.${column} end`;
}

/** The same for a column that may not be null: an empty new value changes nothing. */
export function changedRequired(column: string, property: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then coalesce(i.after ->> '${property}', o.${column}) else o.${column} end`;
}

/**
 * The source's new values of a jsonb column `attributes` whose keys are the record's property names; `columns`: an SQL array of the
 * properties that are kept elsewhere.
 */
export function changedAttributes(columns: string): string {
  return `attributes = jsonb_strip_nulls(o.attributes || coalesce((
    select jsonb_object_agg(n.key, n.value) from jsonb_each(i.after - ${columns}) n where n.value is distinct from i.before -> n.key), '{}'))`;
}

/** A date column from a `YYYY-MM-DD` property. */
export function changedDate(column: string, property: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then (i.after ->> '${property}')::date else o.${column} end`;
}
