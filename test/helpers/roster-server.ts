import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import type { Caller } from '#core/permissions.ts';
import { openTelemetry } from '#core/telemetry/telemetry.ts';
import { DEFAULT_UPLOAD_LIMITS } from '#core/upload/upload-limits.ts';
import { openLocalFileStore } from '#files/local-file-store.ts';
import type { HttpSettings } from '#http/context.ts';
import type { ApplicationLimit } from '#http/limits/application-limit.ts';
import { buildServer } from '#http/server.ts';
import { realSystem } from '#lib/system.ts';
import { createTenant } from '#storage/tenants/create-tenant.ts';

import { noticeContext } from './notice-context.ts';
import { profileBench, type ProfileBench } from './profile-commands.ts';
import { testSecretBox } from './secret-box.ts';

export interface RosterAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- a black box: tests say what they expect of it.
  readonly body: any;
  readonly text: string;
}

export interface RosterCall {
  readonly method?: string;
  /** Sent as JSON unless it is text. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** EduRoster.ReadWrite.All unless said otherwise. */
  readonly permissions?: readonly string[];
  readonly scopes?: readonly string[];
  /** Who is signed in, with scopes. */
  readonly person?: Caller['person'];
  readonly tenantId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RosterServerOptions {
  readonly settings?: Partial<HttpSettings>;
  readonly applicationLimit?: ApplicationLimit;
}

export interface RosterServer extends ProfileBench {
  readonly baseUrl: string;
  /** A second tenant of the same database, empty. */
  readonly otherTenantId: string;
  /** What the server logged, as text. */
  readonly log: string[];
  /** Sends a request; the path is taken as it is, a whole URL too. */
  call(path: string, call?: RosterCall): Promise<RosterAnswer>;
}

/** The HTTP interface on a database of its own; tokens say who calls. */
export async function rosterServer(options: RosterServerOptions = {}): Promise<RosterServer> {
  const { startWaitSeconds = 0 } = options.settings ?? {};
  const bench = await profileBench({ startWaitSeconds });
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-roster-'));
  const otherTenantId = realSystem.newId();
  await createTenant(bench.db, { id: otherTenantId, name: 'Other', timeZone: 'UTC' }, testSecretBox);
  const log: string[] = [];
  const server = buildServer({
    db: bench.db,
    system: realSystem,
    secretBox: testSecretBox,
    files: openLocalFileStore({ directory }),
    settings: {
      publicUrl: undefined,
      startWaitSeconds,
      uploadLimits: DEFAULT_UPLOAD_LIMITS,
      version: '0.0.0',
      ...options.settings,
    },
    ...(options.applicationLimit === undefined ? {} : { applicationLimit: options.applicationLimit }),
    telemetry: openTelemetry(),
    log: pino({ level: 'trace' }, { write: (line) => void log.push(line) }),
    tokens: {
      verify: (token) => Promise.resolve(JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))),
    },
    readiness: { check: () => Promise.resolve([]) },
    profiles: bench.context,
    notices: noticeContext(bench.db),
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  const baseUrl = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return {
    ...bench,
    baseUrl,
    otherTenantId,
    log,
    async call(path, sent = {}) {
      const caller = {
        tenantId: sent.tenantId ?? bench.tenantId,
        applicationId: bench.actor.applicationId,
        roles: sent.permissions ?? (sent.scopes ? [] : ['EduRoster.ReadWrite.All']),
        scopes: sent.scopes ?? [],
        ...(sent.person === undefined ? {} : { person: sent.person }),
      };
      const payload =
        sent.body === undefined || typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
      const response = await fetch(path.startsWith('http') ? path : `${baseUrl}${path}`, {
        method: sent.method ?? (payload === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${Buffer.from(JSON.stringify(caller)).toString('base64url')}`,
          ...(payload === undefined ? {} : { 'content-type': sent.contentType ?? 'application/json' }),
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
    },
    async close() {
      await server.close();
      await bench.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
