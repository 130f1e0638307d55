/**
 * `column = the source's new value when the source changed it, else what is there`: so a hand edit stays until the source
 * changes that property. For an update of `o` from `i` (a plan item).
 */
export function changed(column: string, property: string): string {
  return `${column} = ${valueIfChanged(column, property)}`;
}

/** The value alone. */
export function valueIfChanged(column: string, property: string): string {
  return `case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then i.after ->> '${property}' else o.${column} end`;
}

/** The same for a column that may not be null: an empty new value changes nothing. */
export function changedRequired(column: string, property: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then coalesce(i.after ->> '${property}', o.${column}) else o.${column} end`;
}

/** The same for a column that has a value of its own when the source says none. */
export function changedOrDefault(column: string, property: string, value: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then coalesce(i.after ->> '${property}', '${value}') else o.${column} end`;
}

/**
 * The source's new values of a jsonb column `attributes` whose keys are the record's property names; `columns`: an SQL array of the
 * properties that are kept elsewhere. What it does not name any more goes.
 */
export function changedAttributes(columns: string): string {
  return `attributes = ${withChangedAttributes(columns)}`;
}

/** The value alone. */
export function withChangedAttributes(columns: string): string {
  return `jsonb_strip_nulls(
    (o.attributes - coalesce((select array_agg(k) from jsonb_object_keys(i.before - ${columns}) k where not i.after ? k), '{}')) || coalesce((
    select jsonb_object_agg(n.key, n.value) from jsonb_each(i.after - ${columns}) n where n.value is distinct from i.before -> n.key), '{}'))`;
}

/** A date column from a `YYYY-MM-DD` property. */
export function changedDate(column: string, property: string): string {
  return `${column} = case when i.after ->> '${property}' is distinct from i.before ->> '${property}'
    then (i.after ->> '${property}')::date else o.${column} end`;
}
