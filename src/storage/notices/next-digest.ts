/**
 * When a notice raised now is due for channel `c` of tenant `t` (aliases): at once, or at the next hour of its digest in the time zone
 * of the tenant. Reckoned on the local calendar, so that the hour stays when summer time begins or ends.
 */
export function nextDigestSql(c: string, t: string): string {
  const today = `date_trunc('day', now() at time zone ${t}.time_zone)`;
  const at = (days: number): string =>
    `(${today} + make_interval(days => ${days}, hours => coalesce(${c}.digest_hour, 0))) at time zone ${t}.time_zone`;
  return `case when ${c}.digest = 'none' then now() when ${at(0)} > now() then ${at(0)} else ${at(1)} end`;
}
