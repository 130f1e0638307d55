import { OperationalError } from '#lib/errors.ts';

import { runAnswer, type RunAnswer } from './client/answers.ts';
import type { ApiClient } from './client/api-client.ts';
import { UsageError } from './exit-codes.ts';
import { listRuns } from './follow-run.ts';
import { requireProfile } from './profiles.ts';

const SHORTEST_PREFIX = 8;
/** Runs that are looked through for a shortened id: years of them. */
const LOOKED_THROUGH = 20_000;
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
  const runs = await client.list(`/api/v1/runs?$top=999${filter}`, runAnswer, LOOKED_THROUGH);
  return onlyOne(
    text,
    runs.filter(({ id }) => id.startsWith(wanted)),
  );
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
