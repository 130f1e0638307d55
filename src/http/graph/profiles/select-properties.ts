/** Only the selected properties, and control information. */
export function selectProperties(
  json: Record<string, unknown>,
  select: readonly string[] | undefined,
): Record<string, unknown> {
  if (select === undefined) return json;
  return Object.fromEntries(
    Object.entries(json).filter(([name]) => name.startsWith('@') || select.includes(name)),
  );
}
