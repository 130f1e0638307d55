/** Rosters whose people are matched with accounts, and the accounts. */
import assert from 'node:assert/strict';

import type { TestRollbook } from './rollbook.ts';
import { type SmallRoster, smallRoster } from './small-roster.ts';

let made = 0;

/** A small roster whose user names are those of no other: many profiles share the accounts of a tenant. */
export function rosterWithUserNames(size: Parameters<typeof smallRoster>[0] = {}): SmallRoster {
  const roster = smallRoster(size);
  made += 1;
  for (const person of [...roster.student, ...roster.teacher])
    person['Username'] = `r${made}.${person['Username']}@accounts.example`;
  return roster;
}

/** Accounts as an administrator imports them. */
export async function importAccounts(
  rollbook: TestRollbook,
  people: readonly Record<string, string>[],
): Promise<void> {
  const lines = people.map((person) => `${person['Username']},Some Body`);
  const answer = await rollbook.api('/api/v1/users/import', {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ['userPrincipalName,displayName', ...lines].join('\r\n') + '\r\n',
  });
  const { refused } = (await answer.json()) as { refused: number };
  assert.deepEqual([answer.status, refused], [200, 0]);
}
