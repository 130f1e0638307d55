import { type SmallRoster, smallRoster } from './small-roster.ts';

/** A small roster whose ids and user names begin with a prefix of its own, so that tests that share a directory do not meet. */
export function ownRoster(prefix: string, size: Parameters<typeof smallRoster>[0] = {}): SmallRoster {
  const roster = smallRoster(size);
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows) {
      // As V2.1 has them.
      if (row['Grade'] !== undefined) row['Grade'] = row['Grade'].padStart(2, '0');
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
    }
  return roster;
}
