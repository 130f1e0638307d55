/**
 * A table expression with the rows of a table that fit, looked up by index once for each row of what stands to its left. `offset 0` keeps
 * it a look-up of its own. Joined freely, the planner decides by statistics that know nothing of the rows of this run: it reads a table of
 * a million rows for a hundred changes, or compares each with each.
 */
export function lookUp(table: string, alias: string, condition: string): string {
  return `lateral (select ${alias}.* from ${table} ${alias} where ${condition} offset 0) ${alias}`;
}
