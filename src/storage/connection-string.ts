/** What a session of Rollbook always has: our schema and UTC, whatever the server's defaults are. */
const SESSION_SETTINGS = { search_path: 'rollbook', TimeZone: 'UTC' } as const;

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
