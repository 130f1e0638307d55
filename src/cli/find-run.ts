import { OperationalError } from '#lib/errors.ts';

import { runAnswer, type RunAnswer } from './client/answers.ts';
import type { ApiClient } from './client/api-client.ts';
import { UsageError } from './exit-codes.ts';
import { listRuns } from './follow-run.ts';
import { requireProfile } from './profiles.ts';

const SHORTEST_PREFIX = 8;
/** Runs that are looked through for a shortened id, of the days around the time that it begins with. */
const LOOKED_THROUGH = 20_000;
const DAY_MS = 86_400_000;
/** What the service reads as a moment ends with the year 9999. */
const LATEST_MS = Date.UTC(9999, 0);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/**
 * The id of a run as people write it: the whole of it, its beginning (8 characters or more, no other run begins so), or `latest`: of the
 * profile, when one is named. Throws UsageError, OperationalError.
 */
export async function resolveRunId(
  client: ApiClient,
  text: string,
  profileName: string | undefined,
): Promise<string> {
  const wanted = text.trim().toLowerCase();
  if (UUID.test(wanted)) return wanted;
  const profile = profileName === undefined ? null : await requireProfile(client, profileName);
  if (wanted === 'latest') {
    const [latest] =
      profile === null
        ? await client.list('/api/v1/runs?$top=1', runAnswer, 1)
        : await listRuns(client, profile.id, 1);
    if (latest === undefined) throw new OperationalError('RunNotFound', 'There is no run yet.');
    return latest.id;
  }
  if (wanted.length < SHORTEST_PREFIX || !/^[0-9a-f-]+$/u.test(wanted))
    throw new UsageError(
      `'${text}' is no run. Give its id, the first ${SHORTEST_PREFIX} characters of it or more, or latest; rollbook runs lists them.`,
    );
  const filter = profile === null ? '' : `&profileId=${profile.id}`;
  const runs = await client.list(
    `/api/v1/runs?$top=999${filter}${timeFilter(wanted)}`,
    runAnswer,
    LOOKED_THROUGH,
  );
  return onlyOne(
    text,
    runs.filter(({ id }) => id.startsWith(wanted)),
  );
}

/** The first twelve digits of an id are the millisecond it was made in; the clock of the database may differ from it. */
function timeFilter(prefix: string): string {
  const digits = prefix.replaceAll('-', '').slice(0, 12);
  const from = Number.parseInt(digits.padEnd(12, '0'), 16) - DAY_MS;
  const to = Number.parseInt(digits.padEnd(12, 'f'), 16) + DAY_MS;
  const text = (timeMs: number): string => new Date(Math.min(LATEST_MS, Math.max(0, timeMs))).toISOString();
  return `&from=${text(from)}&to=${text(to)}`;
}

function onlyOne(text: string, found: readonly RunAnswer[]): string {
  const [first, second] = found;
  if (first === undefined)
    throw new OperationalError(
      'RunNotFound',
      `There is no run whose id begins with '${text}'. rollbook runs lists them.`,
    );
  if (second !== undefined)
    throw new UsageError(
      `${found.length} runs begin with '${text}'. Give more of the id: ${found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}.`,
    );
  return first.id;
}
