import assert from 'node:assert/strict';
import { test } from 'node:test';

import { realSystem } from '#lib/system.ts';
import { scriptedHttpServer } from '#test/fakes/scripted-http-server.ts';

import { runAnswer } from './client/answers.ts';
import { apiClient } from './client/api-client.ts';
import { EXIT_CODES, type ExitName } from './exit-codes.ts';
import { outcomeDocument, readOutcome } from './sync-outcome.ts';

const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
const scope = { system: realSystem, interrupt: new AbortController().signal };
const profile = { id: 'p1', displayName: 'One', state: 'provisioned' };

/** The status may be that of the run which comes next: where the run can say it, it says it. */
const OUTCOMES: [run: Record<string, unknown>, status: string, exit: ExitName][] = [
  [{ state: 'completed' }, 'success', 'ok'],
  [{ state: 'completed' }, 'error', 'errors'],
  [{ state: 'completed' }, 'quarantined', 'quarantined'],
  [{ state: 'completed', trigger: 'expiration' }, 'paused', 'ok'],
  [{ state: 'held' }, 'inProgress', 'held'],
  [{ state: 'held', errorCode: 'ApprovalNeeded' }, 'paused', 'paused'],
  [{ state: 'suspended' }, 'inProgress', 'paused'],
  [{ state: 'superseded' }, 'success', 'failure'],
  [{ state: 'cancelled' }, 'success', 'failure'],
  [{ state: 'rejected' }, 'success', 'failure'],
  [{ state: 'broken' }, 'error', 'errors'],
  [{ state: 'broken' }, 'inProgress', 'errors'],
  [{ state: 'broken' }, 'quarantined', 'quarantined'],
];

for (const [said, status, exit] of OUTCOMES)
  test(`a run that is ${Object.values(said).join(' ')}, and the status ${status}: ${exit}`, async () => {
    const server = await scriptedHttpServer(({ url }) => ({
      status: 200,
      body: url.endsWith('/token') ? { access_token: 'abc' } : { status },
    }));
    try {
      const client = apiClient(server.address, credentials, scope);
      const run = runAnswer.parse({ id: 'r1', ...said });
      const outcome = await readOutcome(client, profile, run, []);
      assert.equal(outcome.exit, exit);
      const document = outcomeDocument(outcome, {}) as { exitCode: number };
      assert.equal(document.exitCode, EXIT_CODES[exit].code);
    } finally {
      await server.close();
    }
  });
