/**
 * What a session of Rollbook always has, whatever the defaults of the server, the database or the role are: our schema; times and dates that pg
 * can read; transactions as they are written for. Without `jit: off` (it is on by default, and off in our own server) PostgreSQL compiles each of the
 * long statements of a plan, for seconds, before it reads a few hundred rows.
 */
const SESSION_SETTINGS = {
  search_path: 'rollbook',
  TimeZone: 'UTC',
  DateStyle: 'ISO,MDY',
  default_transaction_isolation: 'read\\ committed',
  row_security: 'on',
  jit: 'off',
} as const;

/**
 * The same server and database with other credentials or session settings. `settings` are given at connection start,
 * so that they need no extra round trip and nobody forgets them.
 */
export function connectionStringFor(
  url: string,
  change: {
    user?: string;
    password?: string;
    database?: string;
    settings?: Readonly<Record<string, string>>;
  },
): string {
  const parsed = new URL(url);
  if (change.user !== undefined) parsed.username = encodeURIComponent(change.user);
  if (change.password !== undefined) parsed.password = encodeURIComponent(change.password);
  if (change.database !== undefined) parsed.pathname = `/${encodeURIComponent(change.database)}`;
  if (change.user !== undefined) parsed.searchParams.delete('user');
  if (change.password !== undefined) parsed.searchParams.delete('password');
  if (change.settings !== undefined) {
    const given = parsed.searchParams.get('options');
    const ours = Object.entries({ ...SESSION_SETTINGS, ...change.settings }).map(
      ([name, value]) => `-c ${name}=${value}`,
    );
    parsed.searchParams.set('options', [...(given === null ? [] : [given]), ...ours].join(' '));
  }
  // libpq, unlike the URL standard, does not read "+" as a space.
  parsed.search = parsed.search.replaceAll('+', '%20');
  return parsed.href;
}
