import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { must } from '#lib/assert.ts';

import { freePort } from './free-port.ts';

/** A Rollbook of its own process, as an administrator starts it. */
export interface RollbookProcess {
  readonly pid: number;
  readonly baseUrl: string;
  readonly tenantId: string;
  /** A fresh access token of the first administrator application. */
  token(): Promise<string>;
  /** In order, as Ctrl-C does. */
  stop(): Promise<void>;
  /** As a power cut does: SIGKILL. */
  kill(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../src/main/launch.ts', import.meta.url));

export async function startRollbookProcess(options: {
  readonly dataDir: string;
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** src/main.ts of another checkout, such as a newer version; this one's without it. */
  readonly main?: string;
}): Promise<RollbookProcess> {
  const { dataDir, databaseUrl } = options;
  const port = await freePort();
  const httpsPort = await freePort();
  const child = spawn(process.execPath, [options.main ?? MAIN, 'serve'], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      PORT: String(port),
      HTTPS_PORT: String(httpsPort),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'error',
      ...options.env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await waitUntilReady(child, baseUrl).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as Credentials;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  };
  return {
    pid: must(child.pid),
    baseUrl,
    tenantId: credentials.tenantId,
    token: () => fetchToken(baseUrl, credentials),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** A worker beside an api process: it listens nowhere. */
export interface WorkerProcess {
  readonly pid: number;
  /** SIGSTOP: as a machine that is suspended. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export function startWorkerProcess(options: {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly main?: string;
}): WorkerProcess {
  const child = spawn(process.execPath, [options.main ?? MAIN, 'serve'], {
    env: {
      ...process.env,
      DATA_DIR: options.dataDir,
      DATABASE_URL: options.databaseUrl,
      MODE: 'worker',
      LOG_LEVEL: 'error',
      ...options.env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  };
  return {
    pid: must(child.pid),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** What stands in DATA_DIR/credentials.json. */
export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A token for an application, by client credentials. */
export async function fetchToken(baseUrl: string, credentials: Credentials): Promise<string> {
  const response = await fetch(`${baseUrl}/${credentials.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      scope: `${baseUrl}/.default`,
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined)
    throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
  return body.access_token;
}

async function waitUntilReady(child: ChildProcess, baseUrl: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (child.exitCode !== null) throw new Error(`rollbook ended with ${child.exitCode} before it was ready`);
    const ready = await fetch(`${baseUrl}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('rollbook was not ready within a minute');
}
