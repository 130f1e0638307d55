import { realSystem } from '#lib/system.ts';

import { startTestRollbook, type TestRollbook } from './rollbook.ts';
import { fetchToken } from './rollbook-process.ts';
import { syncClient } from './sync-client.ts';

/** A Rollbook with HTTPS whose clock can be put forward, and an application for a real client of it. */
export interface TokenService {
  readonly rollbook: TestRollbook;
  readonly application: {
    readonly tenantId: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
  nowMs(): number;
  /** The service takes it to be so much later from now on. */
  putForward(ms: number): void;
  /** The clock stands still, but for putForward. */
  stopClock(): void;
  /** Statuses that the token endpoint has answered so far, in order. */
  tokenAnswers(): number[];
  /** What the service answers to a token. */
  statusWith(token: string): Promise<number>;
  /** A new secret; the old one stays valid for a day. */
  rotate(): Promise<string>;
  /** Ends the day. */
  endGrace(): Promise<void>;
}

export async function startTokenService(): Promise<TokenService> {
  let offsetMs = 0;
  let stoppedMs: number | undefined;
  const now = (): Date => new Date((stoppedMs ?? Date.now()) + offsetMs);
  const rollbook = await startTestRollbook({ https: true, system: { ...realSystem, now } });
  const client = syncClient(rollbook);
  const application = await client.ok<TokenService['application']>('POST', '/api/v1/applications', {
    displayName: 'A real client',
    permissions: ['EduRoster.Read.All'],
  });
  return {
    rollbook,
    application,
    nowMs: () => now().getTime(),
    putForward: (ms) => void (offsetMs += ms),
    stopClock: () => void (stoppedMs = Date.now()),
    tokenAnswers: () =>
      rollbook.logLines
        .filter((line) => line.includes('"route":"/:tenant/oauth2/v2.0/token"'))
        .map((line) => (JSON.parse(line) as { status: number }).status),
    async statusWith(token) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${rollbook.baseUrl}/v1.0/education/schools`, { headers })).status;
    },
    async rotate() {
      // A token of now: the clock may have been put forward.
      const authorization = `Bearer ${await fetchToken(rollbook.baseUrl, rollbook)}`;
      const path = `/api/v1/applications/${application.clientId}/rotateSecret`;
      const answer = await fetch(rollbook.baseUrl + path, { method: 'POST', headers: { authorization } });
      return ((await answer.json()) as { clientSecret: string }).clientSecret;
    },
    async endGrace() {
      await rollbook.rows(
        `update application_secret set expires_at = now() where application_id = $1 and expires_at is not null`,
        [application.clientId],
      );
    },
  };
}
