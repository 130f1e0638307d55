import { setTimeout as wait } from 'node:timers/promises';

import type { SyncClient } from './sync-client.ts';

/** Waits until a run is in one of these states. @returns the run, as the API shows it. */
export async function runBecomes(
  client: SyncClient,
  runId: string,
  states: readonly string[],
): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const run = await client.ok<Record<string, unknown>>('GET', `/api/v1/runs/${runId}`);
    if (states.includes(String(run['state']))) return run;
    await wait(50);
  }
  throw new Error(`run ${runId} does not become ${states.join(' or ')}`);
}
