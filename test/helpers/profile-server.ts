import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import type { Caller } from '#core/permissions.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { DEFAULT_UPLOAD_LIMITS } from '#core/upload/upload-limits.ts';
import { startProfileJobs } from '#engine/profiles/profile-jobs.ts';
import { openLocalFileStore } from '#files/local-file-store.ts';
import type { TokenVerifier } from '#http/context.ts';
import type { EventLimits } from '#http/events/event-hub.ts';
import { buildServer } from '#http/server.ts';
import { realSystem } from '#lib/system.ts';
import { followChanges } from '#storage/change-feed.ts';

import { noticeContext } from './notice-context.ts';
import { profileBench, type ProfileBench } from './profile-commands.ts';
import { testSecretBox } from './secret-box.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or null when there is no body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a black box: tests say what they expect of it.
  readonly body: any;
  readonly text: string;
}

export interface ProfileServer extends ProfileBench {
  readonly baseUrl: string;
  /** Sends a request under /beta/education (or the path as it is when it begins with /api). */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Creates a CSV profile over HTTP and waits until it is provisioned. */
  newProfile(displayName: string): Promise<string>;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as it is. */
  readonly raw?: string;
  readonly permissions?: readonly string[];
  readonly scopes?: readonly string[];
  readonly tenantId?: string;
}

/** The HTTP interface on a database of its own, with profile jobs and nobody who executes runs. Tokens say who calls. */
export async function profileServer(
  options: {
    startWaitSeconds?: number;
    eventLimits?: Partial<EventLimits>;
    hearsChanges?: boolean;
    /** What becomes of a caller before the request is let in, such as an application that was revoked. */
    checkCaller?: (caller: Caller) => Caller;
  } = {},
): Promise<ProfileServer> {
  const bench = await profileBench(options);
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-profiles-'));
  const jobs = startProfileJobs({ ...bench.context, onFailure: () => undefined });
  const changes = options.hearsChanges === true ? followChanges(bench.db) : undefined;
  const { checkCaller = (caller) => caller } = options;
  // oxlint-disable-next-line typescript/require-await -- what checkCaller throws is to be a rejection.
  const verify: TokenVerifier['verify'] = async (token) =>
    checkCaller(JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Caller);
  const server = buildServer({
    db: bench.db,
    system: realSystem,
    secretBox: testSecretBox,
    files: openLocalFileStore({ directory }),
    settings: {
      publicUrl: undefined,
      startWaitSeconds: bench.context.startWaitSeconds,
      uploadLimits: DEFAULT_UPLOAD_LIMITS,
      version: '0.0.0',
      ...(options.eventLimits === undefined ? {} : { eventLimits: options.eventLimits }),
    },
    telemetry: openTelemetry(),
    log: pino({ level: 'silent' }),
    tokens: { verify },
    readiness: { check: () => Promise.resolve([]) },
    ...(changes === undefined ? {} : { changes }),
    profiles: { ...bench.context, wakeProfile: jobs.wake },
    notices: noticeContext(bench.db),
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const baseUrl = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;

  const call: ProfileServer['call'] = async (method, path, body, sent = {}) => {
    const caller = {
      tenantId: sent.tenantId ?? bench.tenantId,
      applicationId: bench.actor.applicationId,
      roles: sent.permissions ?? (sent.scopes ? [] : ['EduAdministration.ReadWrite.All']),
      scopes: sent.scopes ?? [],
    };
    const payload = sent.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${baseUrl}${path.startsWith('/api') ? '' : '/beta/education'}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        ...sent.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : null,
    };
  };

  return {
    ...bench,
    baseUrl,
    call,
    async newProfile(displayName) {
      const created = await call('POST', '/synchronizationProfiles', csvProfileBody(displayName));
      const id = String(created.body.id);
      for (let attempt = 0; attempt < 400; attempt += 1) {
        const { body } = await call('GET', `/synchronizationProfiles/${id}`);
        if (body.state === 'provisioned') return id;
        await realSystem.sleep(10);
      }
      throw new Error(`the profile is not provisioned: ${created.text}`);
    },
    async close() {
      await server.close();
      await changes?.stop();
      await jobs.close();
      await bench.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The smallest body that creates a CSV profile. */
export function csvProfileBody(displayName: string): Record<string, unknown> {
  return {
    displayName,
    dataProvider: { '@odata.type': '#microsoft.graph.educationCsvDataProvider' },
    identitySynchronizationConfiguration: {
      '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
      userDomains: [
        { appliesTo: 'student', name: 'students.contoso.edu' },
        { appliesTo: 'teacher', name: 'contoso.edu' },
      ],
    },
  };
}
