import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveSettings } from '#core/resolve-settings.ts';
import { DEFAULT_RETRY_POLICY } from '#core/run/retry.ts';
import type { EngineSettings } from '#engine/engine-context.ts';
import { must } from '#lib/assert.ts';
import { realSystem, type System } from '#lib/system.ts';
import { asOwner, type Database } from '#storage/database.ts';
import { type LogStream, openLog } from '../../src/main/open-log.ts';
import { type RunningRollbook, startRollbook } from '../../src/main/start.ts';
import { emptyTestDatabase } from './database.ts';
import { type Credentials, fetchToken } from './rollbook-process.ts';

/** The SECRET_KEY that testSecretBox has: all Rollbooks on the test server must agree on the password of rollbook_app. */
export const TEST_SECRET_KEY = `v1:${Buffer.alloc(32, 7).toString('base64')}`;

/** A real Rollbook in this process: HTTP, runner, a database and a data directory of its own. */
export interface TestRollbook extends Credentials {
  readonly baseUrl: string;
  /** The same by HTTPS; '' when it is off. */
  readonly secureUrl: string;
  /** Of METRICS_PORT. */
  readonly metricsAddress: string | undefined;
  readonly db: Database;
  readonly dataDir: string;
  readonly filesDirectory: string;
  /** What was logged, line by line. */
  readonly logLines: readonly string[];
  /** A token of the administrator, kept for later calls. */
  token(): Promise<string>;
  /** A request by the administrator; `path` from the root. */
  api(path: string, init?: RequestInit): Promise<Response>;
  /** Rows of a statement as owner, all tenants. */
  rows(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
  /** Stops it, as a deployment does, and starts it on the same database and data directory: with other addresses. */
  restart(): Promise<void>;
}

export interface TestRollbookOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** First and longest delay of broken runs. */
  readonly retryDelaySeconds?: number;
  readonly engine?: Partial<EngineSettings>;
  readonly noticePollSeconds?: number;
  readonly https?: boolean;
  /** Clock, ids and timers of the service. */
  readonly system?: System;
  /** Such as a small disk; else a folder that is removed with it. */
  readonly dataDir?: string;
}

export async function startTestRollbook(options: TestRollbookOptions = {}): Promise<TestRollbook> {
  const database = await emptyTestDatabase();
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'rollbook-data-')));
  const { values } = resolveSettings({
    flags: {},
    env: {
      PORT: '0',
      HTTPS_PORT: options.https === true ? '0' : 'off',
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      SECRET_KEY: TEST_SECRET_KEY,
      ...options.settings,
    },
  });
  const logLines: string[] = [];
  const stream: LogStream = { write: (text) => logLines.push(text) };
  const { retryDelaySeconds } = options;
  const retry =
    retryDelaySeconds === undefined
      ? {}
      : {
          retry: {
            ...DEFAULT_RETRY_POLICY,
            firstDelaySeconds: retryDelaySeconds,
            maximumDelaySeconds: retryDelaySeconds,
          },
        };
  const start = (): Promise<RunningRollbook> =>
    startRollbook(values, {
      log: openLog(values.logLevel, stream),
      system: options.system ?? realSystem,
      version: '0.0.0-test',
      engine: { ...retry, ...options.engine },
      ...(options.noticePollSeconds === undefined ? {} : { noticePollSeconds: options.noticePollSeconds }),
    });
  let running = await start();
  const addressOf = (scheme: string): string | undefined =>
    running.addresses.find((address) => address.startsWith(scheme));
  const credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as Credentials;
  const baseUrl = (): string => must(addressOf('http:'));
  let token: Promise<string> | undefined;
  const currentToken = (): Promise<string> => (token ??= fetchToken(baseUrl(), credentials));
  return {
    ...credentials,
    get baseUrl() {
      return baseUrl();
    },
    get secureUrl() {
      return addressOf('https:') ?? '';
    },
    get metricsAddress() {
      return running.metricsAddress;
    },
    get db() {
      return running.db;
    },
    dataDir,
    filesDirectory: running.filesDirectory,
    logLines,
    token: currentToken,
    async api(path, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('authorization')) headers.set('authorization', `Bearer ${await currentToken()}`);
      return fetch(`${baseUrl()}${path}`, { ...init, headers });
    },
    rows: (sql, values) => asOwner(running.db, (tx) => tx.query(sql, values)),
    async restart() {
      await running.stop();
      running = await start();
      token = undefined;
    },
    async stop() {
      await running.stop();
      await database.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
